import { sdpDigest } from '../../../protocol/audio/description.ts'
import { RELAY_ANSWER, type RelayAnswer } from '../../../protocol/audio/relay-answer.ts'
import { TICKET, type Ticket } from '../../../protocol/audio/ticket.ts'
import { seal } from '../../../protocol/envelope.ts'
import { idBytes } from '../../../protocol/ids.ts'
import { bytesOf } from '../../support/community.ts'
import { type Context, type EnvelopeCase, type EnvelopeFile, hex } from '../format.ts'
import type { Cast } from './cast.ts'
import { commonFailures, holds, type Model } from './envelopes.ts'
import { BOB_SESSION, type Change, FINGERPRINT, hexKey, hexPairs, refusing, SDP, session } from './rooms.ts'

const RELAY = 'relay'
const same: Change = (good) => good

/** What a session and the relay that carries its room's voices sign for each other. */
export async function fanoutFiles(people: Cast): Promise<Readonly<Record<string, EnvelopeFile>>> {
  const community = hex(idBytes(people.founded.community))
  const { ledger } = people
  return {
    ticket: { type: 'ticket', spec: '§8.10', community, ledger, cases: await tickets(people) },
    'relay-answer': { type: 'relay-answer', spec: '§8.11', community, cases: await answers(people) },
  }
}

async function tickets({ founded, bob, room, now }: Cast): Promise<readonly EnvelopeCase[]> {
  const context: Context = {
    now,
    relay: hexKey(RELAY),
    from: hexKey(BOB_SESSION),
    member: hex(idBytes(bob.member)),
  }
  const payload: Ticket = {
    r: room,
    m: bob.member,
    from: session(BOB_SESSION),
    relay: session(RELAY),
    as: 'listener',
    fp: Uint8Array.from(FINGERPRINT),
    at: now,
    exp: now + 120,
  }
  const model: Model<Ticket> = {
    kind: TICKET,
    community: founded.community,
    payload,
    seeds: [bytesOf('Bob device')],
    context,
    rule: 'TICKET-1',
  }
  const no = refusing(model)
  const sealed = (ticket: Ticket) => seal(TICKET, founded.community, ticket, [bob.device])
  const held = async (change: Partial<Ticket>): Promise<Context> => {
    const before = await sealed({ ...payload, at: now - 60, exp: now + 60, ...change })
    return { ...context, held: hex(before.bytes) }
  }
  return [
    await holds('a listener’s', model),
    await holds('a speaker’s', { ...model, payload: { ...payload, as: 'speaker' } }),
    await holds('in its last second', { ...model, context: { ...context, now: now + 420 } }),
    await holds('one that prolongs another', { ...model, rule: 'TICKET-4', context: await held({}) }),
    ...(await commonFailures(model)),
    await no('at another relay', 'TICKET-2', 'wrong-peer', same, {
      ...context,
      relay: hexKey('another relay'),
    }),
    await no('by another session', 'TICKET-2', 'wrong-peer', same, {
      ...context,
      from: hexKey('Mallory session'),
    }),
    await no('of another member', 'TICKET-2', 'wrong-peer', same, {
      ...context,
      member: hex(bytesOf('Mallory')),
    }),
    await no('too late', 'TICKET-3', 'expired', same, { ...context, now: now + 421 }),
    await no('too early', 'TICKET-3', 'not-yet-valid', same, { ...context, now: now - 301 }),
    await no('longer than two minutes', 'TICKET-3', 'expired', (good) => ({ ...good, exp: now + 121 })),
    await no('prolongs one of another room', 'TICKET-4', 'foreign-room', same, {
      ...context,
      ...(await held({ r: Buffer.from(bytesOf('another room')).toString('base64url') as typeof room })),
    }),
    await no('prolongs one of another certificate', 'TICKET-4', 'wrong-fingerprint', same, {
      ...context,
      ...(await held({ fp: new Uint8Array(32) })),
    }),
    await no('prolongs one for another part', 'TICKET-4', 'stale', same, await held({ as: 'speaker' })),
    await no('prolongs nothing', 'TICKET-4', 'stale', same, await held({ exp: payload.exp })),
    await no('signed by another member’s device', 'TICKET-1', 'not-member', same, context, ['Alice device']),
    await no('signed by the session', 'TICKET-1', 'not-member', same, context, [BOB_SESSION]),
    await no('for no part that there is', 'TICKET-1', 'field-invalid', (good) => ({ ...good, as: 'host' })),
  ]
}

async function answers({ founded, room, now }: Cast): Promise<readonly EnvelopeCase[]> {
  const offer = 'v=0\r\ns=-\r\n'
  const context: Context = {
    now,
    sdp: SDP,
    offer,
    room: hex(idBytes(room)),
    relay: hexKey(RELAY),
    to: hexKey(BOB_SESSION),
  }
  const payload: RelayAnswer = {
    r: room,
    from: session(RELAY),
    to: session(BOB_SESSION),
    offer: sdpDigest(offer),
    fp: Uint8Array.from(FINGERPRINT),
    sdp: sdpDigest(SDP),
    at: now,
    exp: now + 60,
  }
  const model: Model<RelayAnswer> = {
    kind: RELAY_ANSWER,
    community: founded.community,
    payload,
    seeds: [bytesOf(RELAY)],
    context,
    rule: 'ANSWER-1',
  }
  const no = refusing(model)
  const other = `a=fingerprint:sha-256 ${hexPairs(FINGERPRINT.toReversed())}`
  return [
    await holds('an answer', model),
    ...(await commonFailures(model)),
    await no('for another room', 'ANSWER-2', 'foreign-room', same, {
      ...context,
      room: hex(bytesOf('another room')),
    }),
    await no('of another relay', 'ANSWER-2', 'wrong-peer', same, {
      ...context,
      relay: hexKey('another relay'),
    }),
    await no('to another session', 'ANSWER-2', 'wrong-peer', same, {
      ...context,
      to: hexKey('Mallory session'),
    }),
    await no('to another offer', 'ANSWER-2', 'stale', same, { ...context, offer: `${offer}a=x\r\n` }),
    await no('too late', 'ANSWER-3', 'expired', same, { ...context, now: now + 361 }),
    await no('too early', 'ANSWER-3', 'not-yet-valid', same, { ...context, now: now - 301 }),
    await no('longer than two minutes', 'ANSWER-3', 'expired', (good) => ({ ...good, exp: now + 121 })),
    await no('another session description', 'ANSWER-3', 'wrong-description', same, {
      ...context,
      sdp: `${SDP}a=candidate:1\r\n`,
    }),
    await no('another fingerprint than the description’s', 'ANSWER-3', 'wrong-fingerprint', (good) => ({
      ...good,
      fp: new Uint8Array(32),
    })),
    await no(
      'two fingerprints',
      'ANSWER-3',
      'wrong-fingerprint',
      (good) => ({ ...good, sdp: sdpDigest(`${SDP}${other}\r\n`) }),
      { ...context, sdp: `${SDP}${other}\r\n` },
    ),
    await no('signed by somebody else', 'ANSWER-1', 'signer-unexpected', same, context, [BOB_SESSION]),
  ]
}
