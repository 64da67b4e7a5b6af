import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { describe, expect, it } from 'vitest'
import { platformVerifier } from '../../node/crypto/native.ts'
import { decodeValue, encodeValue } from '../../protocol/codec.ts'
import { decodeEntry } from '../../protocol/community/entry.ts'
import { invitationSigner } from '../../protocol/community/invite.ts'
import { decodeInvitationCode, encodeInvitationCode } from '../../protocol/community/link.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { STATEMENT_TYPES } from '../../protocol/community/rules/rules.ts'
import {
  APPEAL_CONTENT,
  openerFromSeed,
  openSealed,
  REPORT_CONTENT,
  type SealedKind,
  sealForCouncil,
} from '../../protocol/community/sealed.ts'
import { openStatement } from '../../protocol/community/statement.ts'
import { type PayloadType, peekType, seal } from '../../protocol/envelope.ts'
import { commitProfile } from '../../protocol/identity/profile.ts'
import { entropyOf, rootSigner } from '../../protocol/identity/root.ts'
import {
  type CommunityId,
  idBytes,
  idOf,
  keyBytes,
  keyText,
  type MemberId,
  type StatementId,
} from '../../protocol/ids.ts'
import { LEDGER_REASONS, REASONS } from '../../protocol/reasons.ts'
import { CALL_SHAPE, openCall, sealCall } from '../../protocol/room/call.ts'
import { signerFromSeed } from '../../protocol/signature.ts'
import { CIRCUIT_PROTOCOL } from '../../protocol/wire/circuit.ts'
import { decodeFrame, encodeFrame, type Frame } from '../../protocol/wire/frame.ts'
import { parseTopic } from '../../protocol/wire/topics.ts'
import {
  type Case,
  type CodecCase,
  type EnvelopeFile,
  type FrameCase,
  fromTagged,
  hex,
  type LedgerCase,
  toTagged,
  unhex,
} from './format.ts'
import { spell, vectorFiles } from './generate.ts'
import { judge, KINDS, membershipOf } from './judge.ts'
import type { CallCase, CallFile } from './make/calls.ts'
import { FRAMES } from './make/frames.ts'
import type { SealedCase, SealedFile } from './make/sealing.ts'
import type { Secrets } from './make/secrets.ts'
import type { StatementCase, StatementFile } from './make/shapes.ts'
import { stateOf } from './make/story.ts'

/** The committed vectors, and the code against them in both directions. */

const read = <T>(name: string): T =>
  JSON.parse(readFileSync(join(import.meta.dirname, `${name}.json`), 'utf8'))
const named = (cases: readonly Case[]) => cases.map((one) => [`${one.rule} ${one.name}`, one] as const)
const outcome = (result: { ok: true } | { ok: false; reason: string }) =>
  result.ok ? 'holds' : result.reason

const generated = await vectorFiles()
const verifier = await platformVerifier()

describe('the committed files', () => {
  it.each(Object.entries(generated))('%s.json is what generate.ts makes', (name, file) => {
    expect(readFileSync(join(import.meta.dirname, `${name}.json`), 'utf8')).toBe(spell(file))
  })

  it('name every reason that these formats can be refused for', () => {
    const seen = new Set(
      JSON.stringify(generated)
        .match(/"(?:reason)":"[a-z-]+"/g)
        ?.map((r) => r.slice(10, -1)),
    )
    expect(REASONS.filter((reason) => !seen.has(reason))).toEqual(ELSEWHERE)
  })

  it('name every reason of the ledger', () => {
    const { cases } = read<{ cases: readonly LedgerCase[] }>('ledger')
    const seen = new Set(
      cases.flatMap((one) => [one.reason, ...(one.state?.voids.map((v) => v.reason) ?? [])]),
    )
    expect(LEDGER_REASONS.filter((reason) => !seen.has(reason))).toEqual([])
  })

  it('have every type of statement in a ledger, in effect and void', () => {
    const { cases } = read<{ cases: readonly LedgerCase[] }>('ledger')
    const seen = { 'in effect': new Set<string>(), void: new Set<string>() }
    for (const { entries, state } of cases) {
      const voids = new Set(state?.voids.map(({ index }) => index))
      for (const [index, bytes] of (state === undefined ? [] : entries).entries()) {
        const entry = decodeEntry(unhex(bytes))
        const type = entry.ok ? peekType(entry.value.e) : entry
        if (type.ok) seen[voids.has(index) ? 'void' : 'in effect'].add(type.value)
      }
    }
    for (const types of Object.values(seen))
      expect(STATEMENT_TYPES.filter((type) => !types.has(type))).toEqual([])
  })
})

/** Reasons that no format alone can give: of what a service will do, and of the frames of a voice before. Their tests are those of services and voices. */
const ELSEWHERE = [
  'not-admitted',
  'not-founded',
  'already-founded',
  'founding-token',
  'rate-limited',
  'room-unknown',
  'not-log',
  'log-behind',
  'log-away',
  'relay-full',
  'frame-locked',
  'frame-replayed',
  'frame-forged',
]

describe('values', () => {
  const { cases } = read<{ cases: readonly CodecCase[] }>('codec')
  it.each(named(cases) as [string, CodecCase][])('%s', (_name, { bytes, times = 1, max, value, reason }) => {
    const input = unhex(bytes.repeat(times))
    const decoded = decodeValue(input, max)
    expect(outcome(decoded)).toBe(reason ?? 'holds')
    if (!decoded.ok || value === undefined) return
    expect(toTagged(decoded.value)).toEqual(value)
    expect(hex(encodeValue(fromTagged(value)))).toBe(bytes)
  })
})

const ENVELOPE_FILES = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name.slice(0, -5), read<EnvelopeFile>(name.slice(0, -5))] as const)
  .filter(([, { type }]) => type !== undefined)

describe.each(ENVELOPE_FILES)('%s', (_name, file) => {
  const community = idOf<CommunityId>(unhex(file.community))
  const kind = KINDS[file.type]
  it.each(file.cases.map((one) => [`${one.rule} ${one.name}`, one] as const))('%s', async (_title, one) => {
    if (kind === undefined) throw new Error(`no kind ${file.type}`)
    const bytes = unhex(one.envelope)
    const membership = await membershipOf(verifier, file.ledger)
    const verdict = await judge(verifier, file, membership, bytes, one.context)
    expect(outcome(verdict)).toBe(one.reason ?? 'holds')
    if (!verdict.ok) return
    expect(hex(idBytes(verdict.value.id))).toBe(one.id)
    expect(toTagged(kind.fields.encode(verdict.value.payload as never))).toEqual(one.payload)
    const payload = kind.fields.decode(fromTagged(one.payload ?? 0), '')
    if (!payload.ok) throw new Error(payload.reason)
    const signers = (one.seeds ?? []).map((seed) => signerFromSeed(unhex(seed)))
    expect(hex((await seal(kind, community, payload.value, signers)).bytes)).toBe(one.envelope)
  })
})

describe('statements', () => {
  const { community: text, cases } = read<StatementFile>('statements')
  const community = idOf<CommunityId>(unhex(text))
  it.each(named(cases) as [string, StatementCase][])('%s', async (_name, one) => {
    const opened = openStatement(community, unhex(one.envelope))
    expect(outcome(opened)).toBe(one.reason ?? 'holds')
    if (!opened.ok) return
    const { type, envelope } = opened.value
    expect([type, hex(idBytes(envelope.id))]).toEqual([one.type, one.id])
    const kind = KINDS[type] as PayloadType<unknown>
    expect(toTagged(kind.fields.encode(envelope.payload))).toEqual(one.payload)
    const payload = kind.fields.decode(fromTagged(one.payload ?? 0), '')
    if (!payload.ok) throw new Error(payload.reason)
    const signers = (one.seeds ?? []).map((seed) => signerFromSeed(unhex(seed)))
    expect(hex((await seal(kind, community, payload.value, signers)).bytes)).toBe(one.envelope)
  })
})

describe('ledgers', () => {
  const { cases } = read<{ cases: readonly LedgerCase[] }>('ledger')
  it.each(named(cases) as [string, LedgerCase][])('%s', async (_name, { entries, state, reason }) => {
    const [first, ...rest] = entries.map(unhex)
    const begun = await beginLedger(verifier, first as Uint8Array)
    const told = begun.ok ? await replay(verifier, begun.value, rest) : begun
    expect(outcome(told)).toBe(reason ?? 'holds')
    if (told.ok) expect(stateOf(told.value)).toEqual(state)
  })
})

describe('frames', () => {
  const { cases } = read<{ cases: readonly FrameCase[] }>('frames')

  // The messages of one have no bytes.
  it('are of every protocol, some that hold and some that are refused', () => {
    const wire = join(import.meta.dirname, '../../protocol/wire')
    const protocols = readdirSync(wire).flatMap((file) =>
      [...readFileSync(join(wire, file), 'utf8').matchAll(/'(\/palabre\/[a-z]+\/1)'/g)].map(
        ([, name]) => name,
      ),
    )
    expect(protocols.length).toBeGreaterThan(10)
    expect(protocols).toContain(CIRCUIT_PROTOCOL)
    const spoken = protocols.filter((name) => name !== CIRCUIT_PROTOCOL)
    const without = (refused: boolean) =>
      spoken.filter((name) => !cases.some((one) => one.protocol === name && 'reason' in one === refused))
    expect([without(false), without(true)]).toEqual([[], []])
  })

  it.each(cases.map((one) => [`${one.rule} ${one.protocol} ${one.direction}: ${one.name}`, one] as const))(
    '%s',
    (_name, { protocol, direction, bytes, value, reason }) => {
      const frame = FRAMES[`${protocol} ${direction}`] as Frame<unknown> | undefined
      if (frame === undefined) throw new Error(`no frame ${protocol} ${direction}`)
      const decoded = decodeFrame(frame, unhex(bytes))
      expect(outcome(decoded)).toBe(reason ?? 'holds')
      if (!decoded.ok || value === undefined) return
      expect(toTagged(frame.shape.encode(decoded.value))).toEqual(value)
      expect(hex(encodeFrame(frame, decoded.value))).toBe(bytes)
    },
  )
})

describe('what is sealed for the council', () => {
  const file = read<SealedFile>('sealed')
  const community = idOf<CommunityId>(unhex(file.community))
  it.each(named(file.cases) as [string, SealedCase][])('%s', (_name, one) => {
    const kind: SealedKind<unknown> = one.type === 'report' ? REPORT_CONTENT : APPEAL_CONTENT
    const place = { m: idOf<MemberId>(unhex(one.m)), n: one.n, prev: idOf<StatementId>(unhex(one.prev)) }
    const council = { v: one.v, keys: one.keys.map((key) => keyText(unhex(key))) }
    const seed = unhex(one.opener)
    const opener = openerFromSeed(seed, signerFromSeed(seed).publicKey)
    const opened = openSealed(kind, community, place, council, unhex(one.sealed), opener)
    expect(outcome(opened)).toBe(one.reason ?? 'holds')
    if (!opened.ok) return
    expect(toTagged(kind.content.encode(opened.value))).toEqual(one.content)
    const again = sealForCouncil(kind, community, place, council, opened.value, unhex(one.seed ?? ''))
    expect(hex(again)).toBe(one.sealed)
  })
})

describe('calls into private rooms', () => {
  const file = read<CallFile>('call')
  const community = idOf<CommunityId>(unhex(file.community))
  it.each(named(file.cases) as [string, CallCase][])('%s', (_name, one) => {
    const seed = unhex(one.opener)
    const session = one.as === undefined ? signerFromSeed(seed).publicKey : keyText(unhex(one.as))
    const opener = openerFromSeed(seed, session)
    const read = decodeFrame({ shape: CALL_SHAPE, maxBytes: MAX_CALL_BYTES }, unhex(one.call))
    const opened = read.ok ? openCall(community, opener, read.value) : read
    expect(outcome(opened)).toBe(one.reason ?? 'holds')
    if (!opened.ok) return
    expect(hex(opened.value)).toBe(one.announcement)
    const again = sealCall(community, session, opened.value, unhex(one.seed ?? ''))
    expect(hex(encodeValue(CALL_SHAPE.encode(again)))).toBe(one.call)
  })
})

/** More than any call has. */
const MAX_CALL_BYTES = 8192

describe('secrets, links and topics', () => {
  const { roots, badPhrases, commitments, invitations, links, topics } = read<Secrets>('secrets')

  it.each(roots)('ROOT-1 phrase and root of $entropy', ({ entropy, phrase, nonce, publicKey }) => {
    expect(entropyOf(phrase, wordlist)).toEqual(unhex(entropy))
    expect(entropyOf(`  ${phrase.toUpperCase().replaceAll(' ', '\n')} `, wordlist)).toEqual(unhex(entropy))
    expect(hex(keyBytes(rootSigner(unhex(entropy), unhex(nonce)).publicKey))).toBe(publicKey)
  })

  it.each(badPhrases)('ROOT-2 $name', ({ phrase }) => {
    expect(entropyOf(phrase, wordlist)).toBeUndefined()
  })

  it.each(commitments)('PROF-2 commitment to $name', ({ salt, commitment, ...text }) => {
    expect(hex(commitProfile(text, unhex(salt)))).toBe(commitment)
  })

  it.each(invitations)('INV-5 the key of a link', ({ seed, community, publicKey }) => {
    expect(hex(keyBytes(invitationSigner(unhex(seed), idOf(unhex(community))).publicKey))).toBe(publicKey)
  })

  it.each(links)('LINK-1 $name', ({ text, community, seed, reason }) => {
    const decoded = decodeInvitationCode(text)
    expect(outcome(decoded)).toBe(reason ?? 'holds')
    if (!decoded.ok) return
    expect(hex(idBytes(decoded.value.community))).toBe(community)
    expect(hex(decoded.value.seed)).toBe(seed)
    expect(encodeInvitationCode(decoded.value)).toBe(text)
  })

  it.each(topics)('TOPIC-1 $topic', ({ topic, community, room }) => {
    const parsed = parseTopic(topic)
    const wanted = community && { kind: room ? 'room' : 'community', community, ...(room ? { room } : {}) }
    expect(parsed).toEqual(wanted)
  })
})
