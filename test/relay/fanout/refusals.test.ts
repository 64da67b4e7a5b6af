import { expect, it } from 'vitest'
import { AudienceLink } from '../../../node/audience/audience-link.ts'
import { headlessAudience } from '../../../node/headless/audience-connections.ts'
import type { LinkEnd } from '../../../node/mesh/link-end.ts'
import type { Channel } from '../../../node/network/network.ts'
import { systemClock } from '../../../node/ports/clock.ts'
import { turnedClock } from '../../../node/ports/turned-clock.ts'
import { RELAY_ANSWER } from '../../../protocol/audio/relay-answer.ts'
import type { Ticket } from '../../../protocol/audio/ticket.ts'
import { open, seal } from '../../../protocol/envelope.ts'
import { createVerifier } from '../../../protocol/signature.ts'
import { FANOUT, FANOUT_PROTOCOL, type FanoutMessage } from '../../../protocol/wire/fanout.ts'
import { decodeFrame, encodeFrame } from '../../../protocol/wire/frame.ts'
import { signerOf } from '../../support/community.ts'
import { offerOf, SLOT, ticketOf, VOICE } from './handmade.ts'
import { createScene, type Guest, ROOM, type Scene } from './scene.ts'

/** What an enemy says to a relay, and what one says to a listener. */

async function streamOf(scene: Scene, { network }: Guest): Promise<Channel> {
  const { signal } = new AbortController()
  return network.openChannel(scene.relay.peer, FANOUT_PROTOCOL, { signal, maxBytes: FANOUT.maxBytes })
}

/** The relay's first word to this one. */
async function wordTo(channel: Channel, ...said: readonly Uint8Array[]): Promise<FanoutMessage | undefined> {
  for (const bytes of said) await channel.send(bytes)
  for await (const bytes of channel.messages) {
    const message = decodeFrame(FANOUT, bytes)
    if (!message.ok) throw new Error(message.reason)
    return message.value
  }
  return undefined
}

const first = (ticket: Uint8Array, offer = offerOf(SLOT)) => encodeFrame(FANOUT, { ticket, offer })

it('FANOUT-1 a good ticket and offer are answered', async () => {
  const scene = await createScene()
  const bob = await scene.guest('Bob')
  const word = await wordTo(await streamOf(scene, bob), first(await ticketOf(scene, bob, 'Bob')))
  expect(Object.keys(word ?? {}).sort()).toEqual(['answer', 'vouch'])
})

const NOW = Math.floor(Date.now() / 1000)
it.each<[string, string, Partial<Ticket>]>([
  ['TICKET-2 at another relay', 'wrong-peer', { relay: signerOf('another relay').publicKey }],
  ['TICKET-2 of another session', 'wrong-peer', { from: signerOf('Mallory session').publicKey }],
  ['TICKET-3 that has expired', 'expired', { at: NOW - 1000, exp: NOW - 900 }],
  ['TICKET-3 for longer than two minutes', 'expired', { exp: NOW + 600 }],
  ['TICKET-3 from the future', 'not-yet-valid', { at: NOW + 1000, exp: NOW + 1100 }],
  ['TICKET-5 for another certificate', 'wrong-fingerprint', { fp: new Uint8Array(32) }],
  ['FANOUT-2 for a voice that the offer does not have', 'wrong-description', { as: 'speaker' }],
])('a ticket is refused: %s', async (_name, reason, change) => {
  const scene = await createScene()
  const bob = await scene.guest('Bob')
  const ticket = await ticketOf(scene, bob, 'Bob', change)
  expect(await wordTo(await streamOf(scene, bob), first(ticket))).toEqual({ error: reason, others: [] })
})

it('TICKET-1 nobody signs, damages or takes the ticket of another', async () => {
  const scene = await createScene()
  const [bob, mallory] = [await scene.guest('Bob'), await scene.guest('Mallory')]
  const forged = await ticketOf(scene, bob, 'Bob', {}, mallory.person.device)
  expect(await wordTo(await streamOf(scene, bob), first(forged))).toMatchObject({ error: 'not-member' })
  const damaged = await ticketOf(scene, bob, 'Bob')
  damaged[damaged.length - 40] = (damaged.at(-40) ?? 0) ^ 1
  expect(await wordTo(await streamOf(scene, bob), first(damaged))).toMatchObject({ error: 'signature-wrong' })
  const stolen = await ticketOf(scene, bob, 'Bob')
  expect(await wordTo(await streamOf(scene, mallory), first(stolen))).toMatchObject({ error: 'wrong-peer' })
})

it.each<[string, string, Uint8Array]>([
  ['no message at all', 'malformed', Uint8Array.of(0xa1)],
  ['only another ticket', 'field-unknown', encodeFrame(FANOUT, { renew: Uint8Array.of(1) })],
  ['an answer', 'field-unknown', encodeFrame(FANOUT, { vouch: Uint8Array.of(1), answer: 'v=0' })],
])('FANOUT-1 a stream that begins with %s is refused', async (_name, reason, said) => {
  const scene = await createScene()
  const bob = await scene.guest('Bob')
  expect(await wordTo(await streamOf(scene, bob), said)).toEqual({ error: reason, others: [] })
})

it('FANOUT-2 a listener’s offer with a voice of its own is refused', async () => {
  const scene = await createScene()
  const bob = await scene.guest('Bob')
  const said = first(await ticketOf(scene, bob, 'Bob'), offerOf(SLOT, VOICE))
  expect(await wordTo(await streamOf(scene, bob), said)).toMatchObject({ error: 'wrong-description' })
})

it('a session that is no member’s is refused before it says anything', async () => {
  const scene = await createScene()
  const bob = await scene.guest('Bob')
  scene.sessions.leave(bob.network.peer)
  expect(await wordTo(await streamOf(scene, bob))).toEqual({ error: 'not-admitted', others: [] })
})

it('a member who begins one link after the other is asked to wait', async () => {
  // While time stands still: one more is allowed with every two seconds.
  const scene = await createScene({ clock: turnedClock(Date.now()) })
  const bob = await scene.guest('Bob')
  const ticket = first(await ticketOf(scene, bob, 'Bob', { as: 'speaker' }))
  const words: unknown[] = []
  for (let i = 0; i < 33; i++) words.push((await wordTo(await streamOf(scene, bob), ticket))?.error)
  expect(words.slice(0, 32)).toEqual(Array(32).fill('wrong-description'))
  expect(words[32]).toBe('rate-limited')
})

it.each<[string, string, (answer: FanoutMessage, scene: Scene) => Promise<FanoutMessage>]>([
  [
    'ANSWER-3 whose certificate was changed on the way',
    'wrong-description',
    async (message) => ({
      ...message,
      answer: message.answer?.replace(/(a=fingerprint:sha-256 )\S\S/g, '$1EE') ?? '',
    }),
  ],
  [
    'ANSWER-1 that another relay signed',
    'signer-unexpected',
    async (message, scene) => {
      const { community } = scene.membership()
      const opened = open(RELAY_ANSWER, community, message.vouch ?? new Uint8Array())
      if (!opened.ok) throw new Error(opened.reason)
      const forged = await seal(RELAY_ANSWER, community, opened.value.payload, [signerOf('another relay')])
      return { ...message, vouch: forged.bytes }
    },
  ],
  [
    'ANSWER-2 to another offer',
    'stale',
    async (message, scene) => {
      const { community } = scene.membership()
      const opened = open(RELAY_ANSWER, community, message.vouch ?? new Uint8Array())
      if (!opened.ok) throw new Error(opened.reason)
      const old = { ...opened.value.payload, offer: new Uint8Array(32) }
      return {
        ...message,
        vouch: (await seal(RELAY_ANSWER, community, old, [signerOf('relay session')])).bytes,
      }
    },
  ],
])('a listener refuses an answer %s', async (_name, reason, change) => {
  const scene = await createScene()
  const bob = await scene.guest('Bob')
  const ended = Promise.withResolvers<LinkEnd>()
  const link = new AudienceLink({
    room: ROOM,
    relay: { peer: scene.relay.peer, key: signerOf('relay session').publicKey },
    speaks: false,
    me: {
      member: bob.person.member,
      device: bob.person.device,
      peer: signerOf('Bob session').publicKey,
    },
    network: {
      openChannel: async (...args) => {
        const real = await bob.network.openChannel(...args)
        async function* changed() {
          for await (const bytes of real.messages) {
            const message = decodeFrame(FANOUT, bytes)
            const isAnswer = message.ok && message.value.vouch !== undefined
            yield isAnswer ? encodeFrame(FANOUT, await change(message.value, scene)) : bytes
          }
        }
        return {
          messages: changed(),
          closed: real.closed,
          send: (message) => real.send(message),
          close: () => real.close(),
          abort: (error) => real.abort(error),
        }
      },
    },
    connections: headlessAudience({ bind: '127.0.0.1', onPacket: () => {} }),
    clock: systemClock,
    verifier: createVerifier(),
    membership: scene.membership,
    onChange: () => {},
    onEnd: (end) => ended.resolve(end),
  })
  expect(await ended.promise).toEqual({ kind: 'refused', reason })
  await link.close()
})
