import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fileSource } from '../../node/audit/file-source.ts'
import { type LedgerSource, SourceError } from '../../node/audit/source.ts'
import { platformVerifier } from '../../node/crypto/native.ts'
import { openGenesis } from '../../protocol/community/genesis.ts'
import { keyBytes, keyText } from '../../protocol/ids.ts'
import {
  genesisLog,
  logKey,
  openCheckpoint,
  readCheckpoint,
  signCheckpoint,
} from '../../protocol/log/checkpoint.ts'
import { isFinal, verifyCosignatures } from '../../protocol/log/cosignature.ts'
import { encodeEvidence, verifyEvidence } from '../../protocol/log/evidence.ts'
import { encodeFileHead } from '../../protocol/log/ledger-file.ts'
import { leafHash } from '../../protocol/log/merkle.ts'
import { verifyConsistency, verifyInclusion } from '../../protocol/log/proof.ts'
import { encodeNote, type NoteType, parseNote, verifyNote } from '../../protocol/log/signed-note.ts'
import {
  changedTiles,
  decodeBundle,
  decodeHashTile,
  encodeBundle,
  encodeHashTile,
  parseTilePath,
  TILE_WIDTH,
  tilePath,
  tileWidth,
} from '../../protocol/log/tile.ts'
import { encodeVerifierKey, parseVerifierKey } from '../../protocol/log/vkey.ts'
import { judgeCheckpoint } from '../../protocol/log/witness.ts'
import { LOG_REASONS } from '../../protocol/reasons.ts'
import { signerFromSeed } from '../../protocol/signature.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type Case, hex, unhex } from './format.ts'
import { spell } from './generate.ts'
import { type LogVectors, logVectors } from './make/log.ts'

/** The log's vectors, and the code against them in both directions. */

const file = join(import.meta.dirname, 'log.json')
const vectors = JSON.parse(readFileSync(file, 'utf8')) as LogVectors
const verifier = await platformVerifier()
const opened = openGenesis(unhex(vectors.genesis))
if (!opened.ok) throw new Error(opened.reason)
const genesis = opened.value
const log = genesisLog(genesis)

const named = <T extends Case>(cases: readonly T[]) =>
  cases.map((one) => [`${one.rule} ${one.name}`, one] as const)
const outcome = (result: { ok: true } | { ok: false; reason: string }) =>
  result.ok ? 'holds' : result.reason

it('log.json is what generate.ts makes', async () => {
  expect(readFileSync(file, 'utf8')).toBe(spell(await logVectors()))
})

it('name every reason of the log', () => {
  const seen = new Set(JSON.stringify(vectors).match(/(?<="reason":")[a-z-]+/g))
  expect(LOG_REASONS.filter((reason) => !seen.has(reason))).toEqual([])
})

describe('the tree', () => {
  const { entries, roots, inclusion, consistency } = vectors.tree
  const head = (size: number) => ({ size, root: unhex(roots[size] as string) })

  it.each(named(inclusion))('%s', (_name, { index, size, proof, reason }) => {
    const leaf = leafHash(unhex(entries[index] as string))
    expect(outcome(verifyInclusion(leaf, index, head(size), proof.map(unhex)))).toBe(reason ?? 'holds')
  })

  it.each(named(consistency))('%s', (_name, { from, to, proof, reason }) => {
    expect(outcome(verifyConsistency(head(from), head(to), proof.map(unhex)))).toBe(reason ?? 'holds')
  })
})

describe('notes', () => {
  it.each(named(vectors.notes))('%s', async (_name, { note, key, text, signatures, reason }) => {
    const parsed = parseNote(unhex(note))
    const keys = key ? [{ name: key.name, type: key.type as NoteType, key: keyText(unhex(key.key)) }] : []
    const verdict = parsed.ok ? await verifyNote(verifier, parsed.value, keys) : parsed
    expect(outcome(verdict)).toBe(reason ?? 'holds')
    if (!parsed.ok || reason !== undefined) return
    const lines = parsed.value.signatures.map((line) => ({ ...line, signature: hex(line.signature) }))
    expect({ text: parsed.value.text, signatures: lines }).toEqual({ text, signatures })
    expect(hex(encodeNote(parsed.value))).toBe(note)
  })

  it.each(named(vectors.vkeys))('%s', (_name, { vkey, key, reason }) => {
    const parsed = parseVerifierKey(vkey)
    expect(outcome(parsed)).toBe(reason ?? 'holds')
    if (!parsed.ok) return
    expect({ ...parsed.value, key: hex(keyBytes(parsed.value.key)) }).toEqual(key)
    expect(encodeVerifierKey(parsed.value)).toBe(vkey)
  })
})

describe('checkpoints', () => {
  it.each(named(vectors.checkpoints))('%s', async (_name, { checkpoint, head, reason }) => {
    const verdict = await openCheckpoint(verifier, log, unhex(checkpoint))
    expect(outcome(verdict)).toBe(reason ?? 'holds')
    if (!verdict.ok) return
    const { size, root, state } = verdict.value
    expect({ size, root: hex(root), state: hex(state) }).toEqual(head)
    const signer = signerFromSeed(unhex(vectors.seeds.log))
    const made = await signCheckpoint(signer, log.community, verdict.value)
    expect(hex(encodeNote(made.note))).toBe(checkpoint)
  })

  it.each(named(vectors.cosignatures))('%s', async (_name, { checkpoint, cosigned, final, reason }) => {
    const signed = await openCheckpoint(verifier, log, unhex(checkpoint))
    if (!signed.ok) throw new Error(signed.reason)
    const { witnesses } = genesis.payload
    const verdict = await verifyCosignatures(verifier, witnesses.keys, signed.value.note)
    expect(outcome(verdict)).toBe(reason ?? 'holds')
    if (!verdict.ok) return
    expect(verdict.value.map((one) => ({ ...one, key: hex(keyBytes(one.key)) }))).toEqual(cosigned)
    expect(isFinal(witnesses, verdict.value)).toBe(final)
  })
})

describe('tiles', () => {
  it.each(named(vectors.paths))('%s', (_name, { path, tile, reason }) => {
    const parsed = parseTilePath(path)
    expect(outcome(parsed)).toBe(reason ?? 'holds')
    if (!parsed.ok) return
    expect(parsed.value).toEqual(tile)
    expect(tilePath(parsed.value)).toBe(path)
  })

  it.each(named(vectors.growth))('%s', (_name, { from, to, paths }) => {
    expect(changedTiles(from, to).map(tilePath)).toEqual(paths)
  })

  it.each(named(vectors.tiles))('%s', (_name, { kind, width, bytes, items, reason }) => {
    const [decode, encode] =
      kind === 'hashes' ? [decodeHashTile, encodeHashTile] : [decodeBundle, encodeBundle]
    const read = decode(unhex(bytes), width)
    expect(outcome(read)).toBe(reason ?? 'holds')
    if (!read.ok) return
    expect(read.value.map(hex)).toEqual(items)
    expect(hex(encode(read.value))).toBe(bytes)
  })
})

describe('a witness', () => {
  it.each(named(vectors.requests))('%s', async (_name, { request, last, status, size, reason }) => {
    const keys = log.keys.map((key) => logKey(log.community, key))
    const followed = { keys, last: last && { size: last.size, root: unhex(last.root) } }
    const logOf = (origin: string) => (origin === keys[0]?.name ? followed : undefined)
    const verdict = await judgeCheckpoint(verifier, logOf, unhex(request))
    expect(outcome(verdict)).toBe(reason ?? 'holds')
    expect(verdict.ok ? 200 : verdict.status).toBe(status)
    expect(verdict.ok ? undefined : verdict.size).toBe(size)
  })
})

describe('a ledger in one file', () => {
  /** Everything that a reader makes of it, or the reason for which it is none. */
  async function readFile(bytes: Uint8Array): Promise<{ checkpoint: string; entries: string[] } | string> {
    const path = join(temporaryFolder(), 'ledger')
    writeFileSync(path, bytes)
    let source: LedgerSource | undefined
    try {
      source = await fileSource(path)
      const signal = new AbortController().signal
      const note = await source.checkpoint(signal)
      const read = readCheckpoint(log.community, note)
      if (!read.ok) return read.reason
      const { size } = read.value
      const entries: string[] = []
      for await (const bundle of source.bundles(0, size, signal)) {
        const bundled = decodeBundle(
          bundle as Uint8Array,
          tileWidth('entries', entries.length / TILE_WIDTH, size),
        )
        if (!bundled.ok) return bundled.reason
        entries.push(...bundled.value.map(hex))
      }
      return { checkpoint: hex(note), entries }
    } catch (error) {
      if (!(error instanceof SourceError)) throw error
      return /\(([a-z-]+)\)\.$/.exec(error.message)?.[1] ?? error.message
    } finally {
      await source?.close()
    }
  }

  it.each(named(vectors.files))('%s', async (_name, { file, checkpoint, entries, reason }) => {
    expect(await readFile(unhex(file))).toEqual(reason ?? { checkpoint, entries })
    if (reason === undefined)
      expect(
        hex(
          Buffer.concat([encodeFileHead(unhex(checkpoint ?? '')), encodeBundle((entries ?? []).map(unhex))]),
        ),
      ).toBe(file)
  })
})

describe('evidence', () => {
  it.each(named(vectors.evidence))('%s', async (_name, { evidence, at, reason }) => {
    const verdict = await verifyEvidence(verifier, log, unhex(evidence))
    expect(outcome(verdict)).toBe(reason ?? 'holds')
    if (!verdict.ok) return
    expect(verdict.value.at).toBe(at)
    expect(hex(encodeEvidence(verdict.value.evidence))).toBe(evidence)
  })
})
