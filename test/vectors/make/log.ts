import { utf8ToBytes } from '@noble/hashes/utils.js'
import { decodeValue, encodeValue, type Value } from '../../../protocol/codec.ts'
import { decodeEntry, encodeEntry } from '../../../protocol/community/entry.ts'
import { peekId } from '../../../protocol/envelope.ts'
import { keyBytes, type StatementId } from '../../../protocol/ids.ts'
import { checkpointBytes, logOrigin } from '../../../protocol/log/checkpoint.ts'
import { cosign } from '../../../protocol/log/cosignature.ts'
import {
  brokenPromise,
  doublePromise,
  type Evidence,
  encodeEvidence,
  forkEvidence,
} from '../../../protocol/log/evidence.ts'
import { emptyRoot } from '../../../protocol/log/merkle.ts'
import { consistencyProof, inclusionProof, type Proof, type TreeHead } from '../../../protocol/log/proof.ts'
import {
  encodeNote,
  encodeSignature,
  NOTE_TYPE,
  type NoteKey,
  type NoteSignature,
  type SignedNote,
  signNote,
} from '../../../protocol/log/signed-note.ts'
import { changedTiles, encodeBundle, encodeHashTile, tilePath } from '../../../protocol/log/tile.ts'
import { encodeVerifierKey } from '../../../protocol/log/vkey.ts'
import { encodeAddCheckpoint } from '../../../protocol/log/witness.ts'
import type { Signer } from '../../../protocol/signature.ts'
import { bytesOf, NOON, signerOf } from '../../support/community.ts'
import { foundLoggedCommunity, History, type LoggedCommunity } from '../../support/log.ts'
import { bruteReader, bruteRoot, entriesOf } from '../../support/tree.ts'
import { type Case, hex } from '../format.ts'
import { malleate, wrap } from './raw.ts'

/** All bytes in hex, sizes and times as numbers. Where nothing else is said, a case without a `reason` holds. */
export interface LogVectors {
  readonly spec: string
  readonly genesis: string
  readonly seeds: { readonly log: string; readonly witnesses: readonly string[] }
  readonly tree: {
    readonly entries: readonly string[]
    /** Of the first 0, 1, 2, … entries. */
    readonly roots: readonly string[]
    readonly inclusion: readonly InclusionCase[]
    readonly consistency: readonly ConsistencyCase[]
  }
  readonly notes: readonly NoteCase[]
  readonly vkeys: readonly VerifierKeyCase[]
  readonly checkpoints: readonly CheckpointCase[]
  readonly cosignatures: readonly CosignatureCase[]
  readonly paths: readonly PathCase[]
  readonly growth: readonly GrowthCase[]
  readonly tiles: readonly TileCase[]
  readonly requests: readonly RequestCase[]
  readonly evidence: readonly EvidenceCase[]
  readonly files: readonly FileCase[]
}

interface InclusionCase extends Case {
  readonly index: number
  readonly size: number
  readonly proof: readonly string[]
}

interface ConsistencyCase extends Case {
  readonly from: number
  readonly to: number
  readonly proof: readonly string[]
}

/** A note of a signer that has the key `key`, or of nobody. */
interface NoteCase extends Case {
  readonly note: string
  readonly key?: { readonly name: string; readonly type: number; readonly key: string }
  readonly text?: string
  readonly signatures?: readonly { readonly name: string; readonly id: number; readonly signature: string }[]
}

interface VerifierKeyCase extends Case {
  readonly vkey: string
  readonly key?: { readonly name: string; readonly type: number; readonly key: string }
}

/** Judged with the log of the genesis. */
interface CheckpointCase extends Case {
  readonly checkpoint: string
  readonly head?: { readonly size: number; readonly root: string; readonly state: string }
}

/** Judged with the witnesses of the genesis. */
interface CosignatureCase extends Case {
  readonly checkpoint: string
  readonly cosigned?: readonly { readonly key: string; readonly name: string; readonly time: number }[]
  readonly final?: boolean
}

interface PathCase extends Case {
  readonly path: string
  readonly tile?: { readonly level: number | 'entries'; readonly index: number; readonly width: number }
}

interface GrowthCase extends Case {
  readonly from: number
  readonly to: number
  readonly paths: readonly string[]
}

/** What is in a tile of a width: hashes, or entries. */
interface TileCase extends Case {
  readonly kind: 'hashes' | 'entries'
  readonly width: number
  readonly bytes: string
  readonly items?: readonly string[]
}

/** Judged by a witness that follows the log of the genesis and no other, and cosigned `last`. */
interface RequestCase extends Case {
  readonly request: string
  readonly last?: { readonly size: number; readonly root: string }
  readonly status: number
  /** With 409. */
  readonly size?: number
}

/** Judged with the log of the genesis. */
interface EvidenceCase extends Case {
  readonly evidence: string
  readonly at?: number
}

/** A ledger in one file: the checkpoint in it, and its entries. Whether they are a good ledger is another question (FILE-4). */
interface FileCase extends Case {
  readonly file: string
  readonly checkpoint?: string
  readonly entries?: readonly string[]
}

export async function logVectors(): Promise<LogVectors> {
  const house = await foundLoggedCommunity()
  const shown = await History.of(house, 7)
  const hidden = await History.of(house, 7, 'hidden', 3)
  return {
    spec: '§10',
    genesis: hex(house.genesis.bytes),
    seeds: {
      log: hex(bytesOf('the log')),
      witnesses: ['Wanda', 'Walid', 'Wen'].map((label) => hex(bytesOf(label))),
    },
    tree: treeCases(),
    notes: await noteCases(),
    vkeys: vkeyCases(),
    checkpoints: await checkpointCases(house, shown),
    cosignatures: await cosignatureCases(house, shown),
    paths: pathCases(),
    growth: growthCases(),
    tiles: tileCases(),
    requests: await requestCases(house, shown, hidden),
    evidence: await evidenceCases(house, shown, hidden),
    files: await fileCases(house, shown, hidden),
  }
}

function treeCases(): LogVectors['tree'] {
  const entries = entriesOf(12)
  const read = bruteReader(entries)
  const wrong = 'proof-wrong'
  const including = (index: number, size: number): InclusionCase => ({
    name: `entry ${index} of ${size}`,
    rule: 'MERKLE-7',
    index,
    size,
    proof: inclusionProof(index, size, read).map(hex),
  })
  const continuing = (from: number, to: number): ConsistencyCase => ({
    name: `${from} entries to ${to}`,
    rule: 'MERKLE-8',
    from,
    to,
    proof: consistencyProof(from, to, read).map(hex),
  })
  const five = including(4, 7)
  const six = continuing(6, 11)
  return {
    entries: entries.map(hex),
    roots: Array.from({ length: 13 }, (_, size) => hex(bruteRoot(entries.slice(0, size)))),
    inclusion: [
      ...(
        [
          [0, 1],
          [0, 2],
          [1, 2],
          [2, 3],
          [4, 7],
          [6, 7],
          [7, 8],
          [8, 9],
          [11, 12],
        ] as const
      ).map(([i, n]) => including(i, n)),
      { ...five, name: 'at another place', index: 5, reason: wrong },
      { ...five, name: 'in a smaller tree', size: 5, reason: wrong },
      { ...five, name: 'beyond the end', index: 7, reason: wrong },
      { ...five, name: 'one hash short', proof: five.proof.slice(1), reason: wrong },
      { ...five, name: 'one hash more', proof: [...five.proof, five.proof[0] as string], reason: wrong },
      { ...five, name: 'a hash of 31 bytes', proof: five.proof.map((one) => one.slice(2)), reason: wrong },
    ],
    consistency: [
      ...(
        [
          [1, 1],
          [1, 2],
          [2, 3],
          [3, 7],
          [4, 7],
          [6, 11],
          [8, 12],
          [12, 12],
        ] as const
      ).map(([from, to]) => continuing(from, to)),
      { ...six, name: 'from another size', from: 7, reason: wrong },
      { ...six, name: 'to another size', to: 12, reason: wrong },
      { ...six, name: 'one hash short', proof: six.proof.slice(0, -1), reason: wrong },
      { ...six, name: 'one hash more', proof: [...six.proof, six.proof[0] as string], reason: wrong },
      { ...six, name: 'backwards', from: 11, to: 6, reason: wrong },
      { ...six, name: 'one size, and a hash', from: 11, to: 11, proof: six.proof.slice(0, 1), reason: wrong },
      { ...six, name: 'from no entries', from: 0, to: 11, proof: [], reason: wrong },
      { ...six, name: 'from no entries to none', from: 0, to: 0, proof: [], reason: wrong },
    ],
  }
}

async function noteCases(): Promise<readonly NoteCase[]> {
  const signer = signerOf('a note')
  const key: NoteKey = { name: 'example.org/é', type: NOTE_TYPE.ed25519, key: signer.publicKey }
  const shownKey = { name: key.name, type: key.type, key: hex(keyBytes(key.key)) }
  const text = 'Two lines,\nand an empty one:\n\n'
  const line = await signNote(text, key.name, signer)
  const note = { text, signatures: [line] }
  const other = await signNote(text, key.name, signerOf('another note'))
  const written = new TextDecoder().decode(encodeNote(note))
  const signature = encodeSignature(line)
  const holds = (name: string, rule: string, { text, signatures }: SignedNote): NoteCase => ({
    name,
    rule,
    note: hex(encodeNote({ text, signatures })),
    key: shownKey,
    text,
    signatures: signatures.map(({ name, id, signature }) => ({ name, id, signature: hex(signature) })),
  })
  const no = (
    name: string,
    rule: string,
    bytes: Uint8Array | string,
    reason = 'note-malformed',
  ): NoteCase => ({
    name,
    rule,
    note: hex(typeof bytes === 'string' ? utf8ToBytes(bytes) : bytes),
    key: shownKey,
    reason,
  })
  const lines = (...signatures: readonly NoteSignature[]) => encodeNote({ text, signatures })
  return [
    holds('a note', 'NOTE-2', note),
    holds('with a line of somebody else', 'NOTE-5', { text, signatures: [other, line] }),
    holds('signed twice', 'NOTE-5', { text, signatures: [line, line] }),
    no('nothing', 'NOTE-2', ''),
    no('no empty line', 'NOTE-2', written.replace('\n\n\n', '\n')),
    no('no signature', 'NOTE-2', `${text}\n`),
    no('no newline at the end', 'NOTE-2', written.slice(0, -1)),
    no('a line after the signatures', 'NOTE-2', `${written}more\n`),
    no('a byte that is no UTF-8', 'NOTE-1', Uint8Array.from([0xff, ...utf8ToBytes(written)])),
    no('an overlong form', 'NOTE-1', Uint8Array.from([0xc0, 0xaf, ...utf8ToBytes(written)])),
    no('a surrogate', 'NOTE-1', Uint8Array.from([0xed, 0xa0, 0x80, ...utf8ToBytes(written)])),
    no('a tab', 'NOTE-1', written.replace('Two ', 'Two\t')),
    no('a carriage return', 'NOTE-1', written.replace('lines,', 'lines,\r')),
    no('a hyphen for the dash', 'NOTE-3', written.replace('—', '-')),
    no('no name', 'NOTE-3', written.replace(key.name, '')),
    no('a plus in the name', 'NOTE-3', written.replace(key.name, 'a+b')),
    no('an ideographic space in the name', 'NOTE-3', written.replace(key.name, 'a\u3000b')),
    no('a name of 256 bytes', 'NOTE-3', written.replace(key.name, 'é'.repeat(128))),
    no('base64 without padding', 'NOTE-3', written.replace(/=+\n$/, '\n')),
    no('base64 with a spare bit', 'NOTE-3', `${text}\n— n AAAAAAB=\n`.replace('AAAAAAB=', 'AAAAAAAAAAB=')),
    no('a key id and no signature', 'NOTE-3', `${text}\n— n AAAAAA==\n`),
    no('65 signatures', 'NOTE-4', `${text}\n${signature.repeat(65)}`),
    no('more than 64 KiB', 'NOTE-4', `${'x'.repeat(65_536)}${written}`, 'too-large'),
    no('of somebody else alone', 'NOTE-5', lines(other), 'signer-missing'),
    no(
      'a line of the key that is of another text',
      'NOTE-5',
      lines(line, await signNote(`${text}\n`, key.name, signer)),
      'signature-wrong',
    ),
    no(
      'S too large',
      'NOTE-5',
      lines({ ...line, signature: malleate(line.signature) }),
      'signature-malformed',
    ),
    no(
      'half a signature',
      'NOTE-5',
      lines({ ...line, signature: line.signature.slice(32) }),
      'signature-malformed',
    ),
  ]
}

function vkeyCases(): readonly VerifierKeyCase[] {
  const key = (type: NoteKey['type']): NoteKey => ({
    name: 'example.org/é',
    type,
    key: signerOf('a note').publicKey,
  })
  const vkey = encodeVerifierKey(key(1))
  const holds = (name: string, type: NoteKey['type']): VerifierKeyCase => ({
    name,
    rule: 'NOTE-7',
    vkey: encodeVerifierKey(key(type)),
    key: { name: key(type).name, type, key: hex(keyBytes(key(type).key)) },
  })
  const no = (name: string, text: string): VerifierKeyCase => ({
    name,
    rule: 'NOTE-7',
    vkey: text,
    reason: 'vkey-malformed',
  })
  return [
    holds('of signatures', 1),
    holds('of cosignatures', 4),
    no('nothing', ''),
    no('cut short', vkey.slice(0, -1)),
    no('another name', vkey.replace('example', 'Example')),
    no('no name', vkey.slice(vkey.indexOf('+'))),
    no('a space in the name', vkey.replace('example', 'ex mple')),
    no(
      'an id in upper case',
      vkey.replace(/\+[0-9a-f]{8}\+/, (id) => id.toUpperCase()),
    ),
    no('a line break', `${vkey}\n`),
    no('a key of 34 bytes', 'PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=='),
    no('a type of the future', 'PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'),
  ]
}

async function checkpointCases(house: LoggedCommunity, shown: History): Promise<readonly CheckpointCase[]> {
  const origin = logOrigin(house.community)
  const checkpoint = await shown.checkpoint()
  const { text } = checkpoint.note
  const root = text.split('\n')[2] as string
  const signed = async (text: string, signer: Signer = house.log, name = origin) =>
    hex(encodeNote({ text, signatures: [await signNote(text, name, signer)] }))
  const no = async (name: string, wrong: string, rule = 'CHECK-1'): Promise<CheckpointCase> => ({
    name,
    rule,
    checkpoint: await signed(wrong),
    reason: 'checkpoint-malformed',
  })
  const state = text.slice(text.indexOf('state '))
  return [
    {
      name: 'a checkpoint',
      rule: 'CHECK-2',
      checkpoint: hex(checkpointBytes(checkpoint)),
      head: { size: checkpoint.size, root: hex(checkpoint.root), state: hex(checkpoint.state) },
    },
    await no('two lines', `${origin}\n7\n`),
    await no('an empty origin', text.replace(origin, '')),
    await no('an origin of 256 bytes', text.replace(origin, 'o'.repeat(256))),
    await no('a leading zero', text.replace('\n7\n', '\n07\n')),
    await no('a size of 2^53', text.replace('\n7\n', '\n9007199254740992\n')),
    await no('a root of 30 bytes', text.replace(root, 'A'.repeat(40))),
    await no('an empty line', `${text}\n`),
    await no('no state', text.slice(0, text.indexOf('state ')), 'CHECK-2'),
    await no('two states', `${text}${state}`, 'CHECK-2'),
    await no('another word', text.replace('state ', 'State '), 'CHECK-2'),
    await no('no entries', text.replace('\n7\n', '\n0\n'), 'CHECK-2'),
    {
      name: 'another community’s',
      rule: 'CHECK-3',
      checkpoint: await signed(
        text.replace(origin, 'palabre/v1/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'),
      ),
      reason: 'log-unknown',
    },
    {
      name: 'of another key',
      rule: 'CHECK-3',
      checkpoint: await signed(text, signerOf('somebody')),
      reason: 'signer-missing',
    },
    {
      name: 'under another name',
      rule: 'CHECK-3',
      checkpoint: await signed(text, house.log, 'palabre/v1'),
      reason: 'signer-missing',
    },
    {
      name: 'with another size',
      rule: 'CHECK-3',
      checkpoint: hex(encodeNote({ ...checkpoint.note, text: text.replace('\n7\n', '\n8\n') })),
      reason: 'signature-wrong',
    },
  ]
}

async function cosignatureCases(house: LoggedCommunity, shown: History): Promise<readonly CosignatureCase[]> {
  const [wanda, walid, wen] = house.witnesses as [Signer, Signer, Signer]
  const { note } = await shown.checkpoint()
  const by = (signer: Signer, time: number, name?: string) => cosign(signer, note.text, time, name)
  const bytes = (...lines: readonly NoteSignature[]) =>
    hex(encodeNote({ ...note, signatures: [...note.signatures, ...lines] }))
  const seen = (signer: Signer, time: number, name = `palabre/v1/witness/${signer.publicKey}`) => ({
    key: hex(keyBytes(signer.publicKey)),
    name,
    time,
  })
  const first = await by(wanda, NOON)
  const cosigned = (
    name: string,
    rule: string,
    lines: readonly NoteSignature[],
    found: CosignatureCase['cosigned'],
    final: boolean,
  ): CosignatureCase => ({ name, rule, checkpoint: bytes(...lines), cosigned: found as [], final })
  const no = (name: string, signature: Uint8Array, reason: string): CosignatureCase => ({
    name,
    rule: 'COSIG-3',
    checkpoint: bytes({ ...first, signature }),
    reason,
  })
  return [
    cosigned('nobody', 'COSIG-4', [], [], false),
    cosigned('one of three', 'COSIG-1', [first], [seen(wanda, NOON)], false),
    cosigned(
      'two of three',
      'COSIG-4',
      [first, await by(walid, NOON + 1)],
      [seen(wanda, NOON), seen(walid, NOON + 1)],
      true,
    ),
    cosigned('one twice', 'COSIG-3', [await by(wanda, NOON + 1), first], [seen(wanda, NOON + 1)], false),
    cosigned(
      'one twice, the later one last',
      'COSIG-3',
      [first, await by(wanda, NOON + 1)],
      [seen(wanda, NOON + 1)],
      false,
    ),
    cosigned(
      'under a name of its own',
      'COSIG-2',
      [await by(wen, NOON, 'witness.example/w1')],
      [seen(wen, NOON, 'witness.example/w1')],
      false,
    ),
    cosigned('a stranger', 'COSIG-2', [await by(signerOf('a stranger'), NOON)], [], false),
    cosigned(
      'a witness, as if it were a log',
      'COSIG-2',
      [await signNote(note.text, first.name, wanda)],
      [],
      false,
    ),
    no('with another time', first.signature.with(7, (first.signature[7] as number) ^ 1), 'signature-wrong'),
    no(
      'of another checkpoint',
      (await cosign(wanda, (await shown.checkpoint(6)).note.text, NOON)).signature,
      'signature-wrong',
    ),
    no('without a time', first.signature.slice(8), 'signature-malformed'),
    no('in the year 10,000', first.signature.with(0, 1), 'signature-malformed'),
  ]
}

function pathCases(): readonly PathCase[] {
  const tiles = [
    { level: 0, index: 0, width: 256 },
    { level: 0, index: 1234, width: 5 },
    { level: 2, index: 1_234_067, width: 256 },
    { level: 'entries', index: 1000, width: 1 },
    { level: 63, index: 999, width: 255 },
    { level: 0, index: 9_007_199_254_740_991, width: 256 },
  ] as const
  const wrong = [
    '/tile/0/000',
    'tile/00/000',
    'tile/64/000',
    'tile/data/000',
    'tile/0/0',
    'tile/0/x000/001',
    'tile/0/001/002',
    'tile/0/x001',
    'tile/0/000.p/0',
    'tile/0/000.p/256',
    'tile/0/000.p/05',
    'tile/0/x009/x007/x199/x254/x740/992',
  ]
  return [
    ...tiles.map((tile) => ({ name: tilePath(tile), rule: 'TILE-1', path: tilePath(tile), tile })),
    ...wrong.map((path) => ({ name: path, rule: 'TILE-1', path, reason: 'tile-malformed' })),
  ]
}

function growthCases(): readonly GrowthCase[] {
  return (
    [
      [0, 0],
      [0, 1],
      [5, 5],
      [0, 256],
      [250, 257],
      [255, 256],
      [256, 512],
      [1000, 1300],
      [65_535, 65_537],
    ] as const
  ).map(([from, to]) => ({
    name: `from ${from} to ${to}`,
    rule: 'TILE-3',
    from,
    to,
    paths: changedTiles(from, to).map(tilePath),
  }))
}

function tileCases(): readonly TileCase[] {
  const hashes = [bytesOf('one'), bytesOf('two')]
  const entries = [Uint8Array.of(7), new Uint8Array(258).fill(1)]
  const tile = encodeHashTile(hashes)
  const bundle = encodeBundle(entries)
  const no = (name: string, kind: TileCase['kind'], width: number, bytes: Uint8Array): TileCase => ({
    name,
    rule: 'TILE-6',
    kind,
    width,
    bytes: hex(bytes),
    reason: 'tile-malformed',
  })
  return [
    {
      name: 'two hashes',
      rule: 'TILE-6',
      kind: 'hashes',
      width: 2,
      bytes: hex(tile),
      items: hashes.map(hex),
    },
    {
      name: 'two entries',
      rule: 'TILE-6',
      kind: 'entries',
      width: 2,
      bytes: hex(bundle),
      items: entries.map(hex),
    },
    no('two hashes for one', 'hashes', 1, tile),
    no('a byte short', 'hashes', 2, tile.slice(1)),
    no('two entries for one', 'entries', 1, bundle),
    no('two entries for three', 'entries', 3, bundle),
    no('an entry cut short', 'entries', 2, bundle.slice(0, -1)),
    no('half a length', 'entries', 1, Uint8Array.of(0)),
    no('an entry of no bytes', 'entries', 1, Uint8Array.of(0, 0)),
    no('an entry of 5,818 bytes', 'entries', 1, Uint8Array.from([0x16, 0xba, ...new Uint8Array(5_818)])),
  ]
}

async function requestCases(
  house: LoggedCommunity,
  shown: History,
  hidden: History,
): Promise<readonly RequestCase[]> {
  const origin = logOrigin(house.community)
  const [four, seven, fork] = [
    await shown.checkpoint(4),
    await shown.checkpoint(7),
    await hidden.checkpoint(7),
  ]
  const proof = shown.consistency(4)
  const at = ({ size, root }: TreeHead) => ({ size, root: hex(root) })
  const body = (old: number, proof: Proof, { note }: { readonly note: SignedNote }) =>
    hex(encodeAddCheckpoint({ old, proof, note }))
  const signed = async (text: string, signer: Signer = house.log, name = origin) => ({
    note: { text, signatures: [await signNote(text, name, signer)] },
  })
  const none = { size: 0, root: emptyRoot() }
  const empty = (root: Uint8Array) => signed(`${origin}\n0\n${Buffer.from(root).toString('base64')}\n`)
  const yes = (name: string, request: string, last?: TreeHead): RequestCase => ({
    name,
    rule: 'WIT-3',
    request,
    ...(last && { last: at(last) }),
    status: 200,
  })
  const no = (
    name: string,
    rule: string,
    status: number,
    reason: string,
    request: string,
    last?: TreeHead,
  ): RequestCase => ({ name, rule, reason, status, request, ...(last && { last: at(last) }) })
  const text = (head: string) => hex(utf8ToBytes(`${head}${new TextDecoder().decode(encodeNote(four.note))}`))
  const zero = `${Buffer.alloc(32).toString('base64')}\n`
  return [
    yes('the first checkpoint', body(0, [], four)),
    yes('one that continues it', body(4, proof, seven), shown.head(4)),
    yes('the same again', body(7, [], seven), shown.head(7)),
    yes('the empty tree', body(0, [], await empty(none.root))),
    yes('a tree after the empty one', body(0, [], four), none),
    no('no old size', 'WIT-1', 400, 'request-malformed', text('\n')),
    no('a leading zero', 'WIT-1', 400, 'request-malformed', text('old 04\n\n')),
    no('an old size of 2^53', 'WIT-1', 400, 'request-malformed', text('old 9007199254740992\n\n')),
    no(
      'a hash without padding',
      'WIT-1',
      400,
      'request-malformed',
      text(`old 4\n${zero.replace('=', '')}\n`),
    ),
    no('64 hashes', 'WIT-1', 400, 'request-malformed', text(`old 4\n${zero.repeat(64)}\n`)),
    no('no note', 'WIT-1', 400, 'note-malformed', hex(utf8ToBytes('old 4\n\n'))),
    no(
      'a note that is no checkpoint',
      'WIT-1',
      400,
      'checkpoint-malformed',
      body(0, [], await signed('Dear all,\n')),
    ),
    no(
      'of a log that it does not follow',
      'WIT-2',
      404,
      'log-unknown',
      body(0, [], await signed(four.note.text.replace(origin, 'example.org/log'))),
    ),
    no(
      'not signed by the log',
      'WIT-2',
      403,
      'signer-missing',
      body(0, [], await signed(four.note.text, signerOf('somebody'))),
    ),
    no(
      'signed for another size',
      'WIT-2',
      403,
      'signature-wrong',
      body(0, [], { note: { ...four.note, text: four.note.text.replace('\n4\n', '\n5\n') } }),
    ),
    no('from a larger size', 'WIT-3', 400, 'request-malformed', body(7, [], four), shown.head(7)),
    { ...no('from another size', 'WIT-3', 409, 'size-conflict', body(0, [], seven), shown.head(4)), size: 4 },
    { ...no('from a size that it never saw', 'WIT-3', 409, 'size-conflict', body(4, proof, seven)), size: 0 },
    no('no entries, and a root', 'WIT-3', 422, 'proof-wrong', body(0, [], await empty(bytesOf('a root')))),
    no('a proof from nothing', 'WIT-3', 422, 'proof-wrong', body(0, proof, seven)),
    no('no proof', 'WIT-3', 422, 'proof-wrong', body(4, [], seven), shown.head(4)),
    no(
      'a proof of another history',
      'WIT-3',
      422,
      'proof-wrong',
      body(4, hidden.consistency(4), fork),
      shown.head(4),
    ),
    no('another root for the same size', 'WIT-3', 422, 'log-forked', body(7, [], fork), shown.head(7)),
  ]
}

async function evidenceCases(
  house: LoggedCommunity,
  shown: History,
  hidden: History,
): Promise<readonly EvidenceCase[]> {
  const c = house.community
  const yes = (name: string, rule: string, evidence: Evidence, at: number): EvidenceCase => ({
    name,
    rule,
    evidence: hex(encodeEvidence(evidence)),
    at,
  })
  const no = (name: string, rule: string, reason: string, evidence: Evidence | Uint8Array): EvidenceCase => ({
    name,
    rule,
    evidence: hex(evidence instanceof Uint8Array ? evidence : encodeEvidence(evidence)),
    reason,
  })
  const [a, b] = [await shown.checkpoint(), await hidden.checkpoint()]
  const four = await shown.checkpoint(4)
  const fork = forkEvidence(c, a, b)
  const between = { root: hidden.head(4).root, proof: hidden.consistency(4) }
  const honest = { root: shown.head(4).root, proof: shown.consistency(4) }
  const promised = await shown.promise(5, idAt(house, shown, 5))
  const [entry, proof] = [hidden.entries[5] as Uint8Array, hidden.inclusion(5)]
  const broken = brokenPromise(c, promised, b, entry, proof)
  const kept = brokenPromise(c, promised, a, shown.entries[5] as Uint8Array, shown.inclusion(5))
  const twice = await shown.promise(5, idAt(house, hidden, 5))
  const elsewhere = await shown.promise(6, idAt(house, shown, 5))
  const double = doublePromise(c, house.log.publicKey, promised, twice)
  const stranger = new History({ ...house, log: signerOf('somebody') }, hidden.entries)
  const theirs = checkpointBytes(await stranger.checkpoint())
  const cosigned = {
    ...a.note,
    signatures: [...a.note.signatures, await cosign(signerOf('Wanda'), a.note.text, NOON)],
  }
  return [
    yes('two roots for one size', 'EVID-3', fork, 7),
    yes('two states for one size', 'EVID-3', forkEvidence(c, a, await shown.checkpoint(7, 'another')), 7),
    yes('a larger tree that had another root', 'EVID-4', forkEvidence(c, four, b, between), 4),
    yes('another statement where one was promised', 'EVID-5', broken, 5),
    ...(await Promise.all(
      NO_STATEMENTS.map(async ([name, bytes]) => {
        const other = new History(house, hidden.entries.with(5, bytes))
        const evidence = brokenPromise(c, promised, await other.checkpoint(), bytes, other.inclusion(5))
        return yes(`${name} where a statement was promised`, 'EVID-5', evidence, 5)
      }),
    )),
    yes('one place promised twice', 'EVID-6', double, 5),
    yes(
      'two places promised to one',
      'EVID-6',
      doublePromise(c, house.log.publicKey, promised, elsewhere),
      5,
    ),
    no('no map', 'EVID-1', 'field-invalid', encodeValue([])),
    no('no kind', 'EVID-1', 'field-missing', altered(fork, { kind: undefined })),
    no('another kind', 'EVID-1', 'unknown-type', altered(fork, { kind: 'rumour' })),
    no('a field too many', 'EVID-1', 'field-unknown', altered(fork, { more: true })),
    no('a note that is none', 'EVID-2', 'note-malformed', altered(fork, { a: Uint8Array.of(0) })),
    no('of another community', 'EVID-1', 'foreign-community', altered(fork, { c: bytesOf('another') })),
    no('against another key', 'EVID-1', 'log-unknown', altered(fork, { log: bytesOf('another') })),
    no('in the other order', 'EVID-2', 'not-canonical', altered(fork, { a: fork.b, b: fork.a })),
    no('with a cosignature', 'EVID-2', 'not-canonical', altered(fork, { a: encodeNote(cosigned) })),
    no('one that the log did not sign', 'EVID-2', 'signer-missing', altered(fork, { a: theirs })),
    no('one size, and a proof', 'EVID-3', 'field-unknown', altered(fork, { proof: [] })),
    no('two sizes, and no proof', 'EVID-4', 'field-missing', forkEvidence(c, four, b)),
    no(
      'a proof of another root',
      'EVID-4',
      'proof-wrong',
      forkEvidence(c, four, b, { ...between, root: bytesOf('root') }),
    ),
    no('an honest log', 'EVID-4', 'evidence-wrong', forkEvidence(c, four, a, honest)),
    no('a promise that was kept', 'EVID-5', 'evidence-wrong', kept),
    no(
      'a promise for later',
      'EVID-5',
      'evidence-wrong',
      brokenPromise(c, promised, await hidden.checkpoint(5), entry, hidden.inclusion(4, 5)),
    ),
    no('an entry that is not there', 'EVID-5', 'proof-wrong', altered(broken, { entry: Uint8Array.of(0) })),
    no(
      'a promise of somebody else',
      'EVID-5',
      'signer-unexpected',
      altered(broken, { promise: (await stranger.promise(5, idAt(house, shown, 5))).bytes }),
    ),
    no(
      'two promises in the other order',
      'EVID-6',
      'not-canonical',
      altered(double, { a: double.b, b: double.a }),
    ),
    no(
      'two places promised to two',
      'EVID-6',
      'evidence-wrong',
      doublePromise(c, house.log.publicKey, promised, await shown.promise(6, idAt(house, shown, 6))),
    ),
  ]
}

/** What is no statement of the community, and has no id or another one. */
const NO_STATEMENTS: readonly (readonly [string, Uint8Array])[] = [
  ['what is no entry', bytesOf('no entry')],
  ['an entry that holds no envelope', encodeEntry({ at: NOON, e: bytesOf('no envelope') })],
  ['a type of 256 bytes', entryOf({ t: 't'.repeat(256), c: bytesOf('a community') })],
  ['a statement of another community', entryOf({ t: 'leave', c: bytesOf('another') })],
  ['a statement of no community', entryOf({ t: 'leave' })],
  ['a statement whose community is none', entryOf({ t: 'leave', c: 7 })],
]

async function fileCases(
  house: LoggedCommunity,
  shown: History,
  hidden: History,
): Promise<readonly FileCase[]> {
  const checkpoint = await shown.checkpoint()
  const note = checkpointBytes(checkpoint)
  const { entries } = shown
  const magic = utf8ToBytes('palabre/v1/ledger\n')
  const u32 = (n: number) => Uint8Array.of(n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255)
  const file = (signed: Uint8Array, ...rest: readonly Uint8Array[]) =>
    Buffer.concat([magic, u32(signed.length), signed, ...rest])
  const bundle = encodeBundle(entries)
  const whole = file(note, bundle)
  const holds = (name: string, rule: string, signed: Uint8Array, held = entries): FileCase => ({
    name,
    rule,
    file: hex(file(signed, encodeBundle(held))),
    checkpoint: hex(signed),
    entries: held.map(hex),
  })
  const no = (name: string, rule: string, bytes: Uint8Array, reason: string): FileCase => ({
    name,
    rule,
    file: hex(bytes),
    reason,
  })
  const headEnd = magic.length + 4 + note.length
  const { text } = checkpoint.note
  const cosigned = encodeNote({
    text,
    signatures: [...checkpoint.note.signatures, await cosign(house.witnesses[0] as Signer, text, NOON)],
  })
  const saying = async (wrong: string) =>
    encodeNote({ text: wrong, signatures: [await signNote(wrong, logOrigin(house.community), house.log)] })
  return [
    holds('a ledger of seven entries', 'FILE-2', note),
    holds('with a cosignature', 'FILE-1', cosigned),
    holds('of the genesis alone', 'FILE-2', checkpointBytes(await shown.checkpoint(1)), entries.slice(0, 1)),
    holds('whose entries are not those of the checkpoint’s tree', 'FILE-4', note, hidden.entries),
    no('nothing', 'FILE-1', new Uint8Array(), 'malformed'),
    no('another beginning', 'FILE-1', Buffer.concat([utf8ToBytes('P'), whole.subarray(1)]), 'malformed'),
    no(
      'no line feed after the name',
      'FILE-1',
      Buffer.concat([magic.subarray(0, -1), whole.subarray(18)]),
      'malformed',
    ),
    no('that ends in the length of the checkpoint', 'FILE-1', whole.subarray(0, 21), 'malformed'),
    no('that ends in the checkpoint', 'FILE-1', whole.subarray(0, headEnd - 1), 'malformed'),
    no('a checkpoint of 65,537 bytes', 'FILE-1', Buffer.concat([magic, u32(65_537), note]), 'too-large'),
    no('a checkpoint of 4 GiB', 'FILE-1', Buffer.concat([magic, u32(0xffff_ffff), note]), 'too-large'),
    no('a checkpoint that is no note', 'FILE-1', file(utf8ToBytes(text), bundle), 'note-malformed'),
    no('a checkpoint of no bytes', 'FILE-1', file(new Uint8Array(), bundle), 'note-malformed'),
    no(
      'a note that is no checkpoint',
      'FILE-1',
      file(await saying('hello\n'), bundle),
      'checkpoint-malformed',
    ),
    no('that ends after the checkpoint', 'FILE-3', whole.subarray(0, headEnd), 'malformed'),
    no('an entry fewer', 'FILE-3', file(note, encodeBundle(entries.slice(0, -1))), 'malformed'),
    no('that ends in its last entry', 'FILE-3', whole.subarray(0, -1), 'malformed'),
    no(
      'that ends in the length of its last entry',
      'FILE-3',
      file(note, encodeBundle(entries.slice(0, -1)), Uint8Array.of(0)),
      'malformed',
    ),
    no('an entry more', 'FILE-3', file(note, bundle, encodeBundle(entries.slice(-1))), 'trailing-bytes'),
    no('a byte more', 'FILE-3', file(note, bundle, Uint8Array.of(0)), 'trailing-bytes'),
    no(
      'an entry of no bytes',
      'FILE-3',
      file(note, encodeBundle(entries.slice(0, -1)), Uint8Array.of(0, 0)),
      'tile-malformed',
    ),
    no(
      'an entry of 5,818 bytes',
      'FILE-3',
      file(note, encodeBundle(entries.slice(0, -1)), Uint8Array.of(0x16, 0xba), new Uint8Array(5818)),
      'tile-malformed',
    ),
  ]
}

function entryOf(payload: Value): Uint8Array {
  const signature = { key: signerOf('somebody').publicKey, signature: new Uint8Array(64) }
  return encodeEntry({ at: NOON, e: wrap(encodeValue(payload), [signature]) })
}

function idAt({ community }: LoggedCommunity, history: History, index: number): StatementId {
  const entry = decodeEntry(history.entries[index] as Uint8Array)
  const id = entry.ok ? peekId(community, entry.value.e) : entry
  if (!id.ok) throw new Error(id.reason)
  return id.value as StatementId
}

/** Evidence with some fields changed, whether or not anybody would accept them; those that are `undefined` are left out. */
function altered(evidence: Evidence, fields: Readonly<Record<string, Value | undefined>>): Uint8Array {
  const read = decodeValue(encodeEvidence(evidence), 65_536)
  if (!read.ok) throw new Error(read.reason)
  const all = Object.entries({ ...(read.value as object), ...fields }).filter(
    ([, value]) => value !== undefined,
  )
  return encodeValue(Object.fromEntries(all) as Value)
}
