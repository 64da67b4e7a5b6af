/** Every decoder that bytes from outside go through, with what a good answer must satisfy. */

import { equalBytes } from '../../protocol/bytes.ts'
import { decodeValue, encodeValue, type Value } from '../../protocol/codec.ts'
import { decodeEntry, encodeEntry } from '../../protocol/community/entry.ts'
import { openGenesis } from '../../protocol/community/genesis.ts'
import { decodeInvitationCode, encodeInvitationCode } from '../../protocol/community/link.ts'
import { openStatement } from '../../protocol/community/statement.ts'
import { type Envelope, NO_COMMUNITY, open, type PayloadType } from '../../protocol/envelope.ts'
import { type CommunityId, keyBytes } from '../../protocol/ids.ts'
import { MAX_PAYLOAD_BYTES } from '../../protocol/limits.ts'
import { encodeCheckpoint, parseCheckpoint } from '../../protocol/log/checkpoint.ts'
import { decodeEvidence, encodeEvidence } from '../../protocol/log/evidence.ts'
import { decodeFileHead } from '../../protocol/log/ledger-file.ts'
import { encodeNote, parseNote } from '../../protocol/log/signed-note.ts'
import {
  decodeBundle,
  decodeHashTile,
  encodeBundle,
  encodeHashTile,
  parseTilePath,
  tilePath,
} from '../../protocol/log/tile.ts'
import { encodeVerifierKey, parseVerifierKey } from '../../protocol/log/vkey.ts'
import { encodeAddCheckpoint, parseAddCheckpoint } from '../../protocol/log/witness.ts'
import { REASONS } from '../../protocol/reasons.ts'
import type { Result } from '../../protocol/result.ts'
import { isMap } from '../../protocol/schema.ts'
import { verifyRecord } from '../../protocol/state/proof.ts'
import { decodeRecord, encodeRecord, RECORDS, type RecordKind } from '../../protocol/state/record.ts'
import { decodeFrame, encodeFrame, type Frame } from '../../protocol/wire/frame.ts'
import { parseTopic } from '../../protocol/wire/topics.ts'
import { KINDS } from '../vectors/judge.ts'
import { FRAMES } from '../vectors/make/frames.ts'

/**
 * One decoder. `check` answers `taken` or the reason, with the place where it was found; it throws when that is none of the closed reasons,
 * or when what was taken has another spelling.
 */
export interface Door {
  readonly name: string
  check(bytes: Uint8Array): string
}

/** @param community the one that the corpus is of: the others are foreign */
export function doors(community: CommunityId): readonly Door[] {
  return [
    door('value', (bytes) => decodeValue(bytes, MAX_PAYLOAD_BYTES), encodeValue),
    door('entry', decodeEntry, encodeEntry),
    door('genesis', openGenesis),
    door('statement', (bytes) => openStatement(community, bytes)),
    oneAtATime(
      Object.values(KINDS).map((kind) =>
        door(
          kind.type,
          (bytes) => open(kind, kind.type === 'genesis' ? NO_COMMUNITY : community, bytes),
          respelled(kind),
        ),
      ),
    ),
    oneAtATime(
      Object.entries(FRAMES).map(([name, frame]) =>
        door(
          name,
          (bytes) => decodeFrame(frame as Frame<unknown>, bytes),
          (message) => encodeFrame(frame as Frame<unknown>, message),
        ),
      ),
    ),
    door(
      'link',
      (bytes) => decodeInvitationCode(latin1(bytes)),
      (code) => fromLatin1(encodeInvitationCode(code)),
    ),
    door('note', parseNote, encodeNote),
    door(
      'checkpoint',
      (bytes) => parseCheckpoint(latin1(bytes)),
      (checkpoint) => fromLatin1(encodeCheckpoint(checkpoint)),
    ),
    door('request to a witness', parseAddCheckpoint, encodeAddCheckpoint),
    door('evidence', decodeEvidence, encodeEvidence),
    oneAtATime([
      door(
        'tile path',
        (bytes) => parseTilePath(latin1(bytes)),
        (tile) => fromLatin1(tilePath(tile)),
      ),
      door('hash tile', (bytes) => decodeHashTile(bytes, bytes.length >> 5), encodeHashTile),
      door('bundle of one', (bytes) => decodeBundle(bytes, 1), encodeBundle),
      door('bundle of two', (bytes) => decodeBundle(bytes, 2), encodeBundle),
      door(
        'verifier key',
        (bytes) => parseVerifierKey(latin1(bytes)),
        (key) => fromLatin1(encodeVerifierKey(key)),
      ),
      door('head of a ledger file', decodeFileHead),
    ]),
    oneAtATime(
      RECORD_KINDS.map((kind) =>
        door(
          `record of a ${kind}`,
          (bytes) => decodeRecord(kind, bytes),
          (record) => encodeRecord(kind, record),
        ),
      ),
    ),
    door('proof of a record', (bytes) =>
      verifyRecord(community, NO_STATE, { kind: 'community', name: '' }, bytes),
    ),
    { name: 'topic', check: (bytes) => (parseTopic(latin1(bytes)) === undefined ? 'none' : 'taken') },
  ]
}

const RECORD_KINDS = Object.keys(RECORDS) as RecordKind[]

/** A state hash that no proof is of: proofs are read to their end, and refused. */
const NO_STATE = new Uint8Array(32)

/** Doors that look alike from outside: an input goes through one of them, which its bytes choose. */
function oneAtATime(alike: readonly Door[]): Door {
  return {
    name: alike.map(({ name }) => name).join(' | '),
    check(bytes) {
      const chosen = alike[bytes.reduce((sum, byte) => sum + byte, 0) % alike.length] as Door
      return `${chosen.name} ${chosen.check(bytes)}`
    },
  }
}

const CODES: ReadonlySet<string> = new Set(REASONS)

/** @param spell the one spelling of what was read, where the decoder has an encoder */
function door<T>(
  name: string,
  read: (bytes: Uint8Array) => Result<T, string>,
  spell?: (value: T) => Uint8Array,
): Door {
  return {
    name,
    check(bytes) {
      const result = read(bytes)
      if (result.ok) {
        if (spell && !equalBytes(bytes, spell(result.value)))
          throw new Error(`${name}: took another spelling`)
        return 'taken'
      }
      if (!CODES.has(result.reason)) throw new Error(`${name}: ${result.reason} is no reason`)
      return `${result.reason}@${(result.at ?? '').replace(/\d+/g, '')}`
    },
  }
}

/** The envelope and its payload, each written again from what was read of it. */
function respelled(kind: PayloadType<never>): (envelope: Envelope<never>) => Uint8Array {
  return ({ payload, payloadBytes, signatures }) => {
    const read = decodeValue(payloadBytes, MAX_PAYLOAD_BYTES)
    if (!read.ok || !isMap(read.value)) throw new Error('a payload was taken that is no map')
    const { t, c } = read.value
    const named = c === undefined ? { t } : { t, c }
    const p = encodeValue({ ...(kind.fields.encode(payload) as object), ...named } as Value)
    return encodeValue({ p, s: signatures.map((one) => ({ k: keyBytes(one.key), s: one.signature })) })
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}

function fromLatin1(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'))
}
