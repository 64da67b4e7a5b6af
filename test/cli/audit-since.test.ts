import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  copyFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { folderSource } from '../../node/audit/folder-source.ts'
import { MAX_KEPT_BYTES } from '../../node/audit/kept-audit.ts'
import { nodeSha256 } from '../../node/audit/sha.ts'
import { platformVerifier } from '../../node/crypto/native.ts'
import { FAULT_KINDS } from '../../node/generate/faults.ts'
import { keysFrom } from '../../node/generate/keys.ts'
import { TreeWriter } from '../../node/generate/tree-writer.ts'
import { BAN, NOTICE } from '../../protocol/community/ban.ts'
import { LOG_ROTATE, STEWARDS } from '../../protocol/community/council.ts'
import { encodeEntry } from '../../protocol/community/entry.ts'
import { type Membership, membersInOrder } from '../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { type PayloadType, seal } from '../../protocol/envelope.ts'
import type { KeyText } from '../../protocol/ids.ts'
import { DAY } from '../../protocol/limits.ts'
import { checkpointBytes, parseCheckpoint, signCheckpoint } from '../../protocol/log/checkpoint.ts'
import { cosign } from '../../protocol/log/cosignature.ts'
import { parseNote } from '../../protocol/log/signed-note.ts'
import { decodeBundle, TILE_WIDTH, tileWidth } from '../../protocol/log/tile.ts'
import type { Signer } from '../../protocol/signature.ts'
import { stateHash, stateRoot } from '../../protocol/state/state.ts'
import { palabre as palabreAlone, palabreWithSharedWorkers } from './run.ts'

/** Some 200 audits, on a machine that does other things too. Milliseconds. */
const PATIENCE = 120_000
const SEED = 'since'

const palabre = palabreWithSharedWorkers()
const keys = keysFrom(SEED)
const verifier = await platformVerifier()

let folder: string
/** Sizes at which the log of `village` signed its tree: in the midst of a tile, around its end, and around what the council and a liar add. */
let sizes: readonly number[]

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'palabre-test-'))
  await make('made', '--members', '150')
  const made = await entriesOf('made')
  const begin = await stateOf(made)
  const at = begin.time + 60
  const later = at + 2 * DAY
  const [guest] = membersInOrder(begin).filter(({ founder, standing }) => !founder && standing === 'active')
  if (guest === undefined) throw new Error('there is nobody to ban')
  const council = founders(begin)
  const say = async <T extends { readonly at: number }>(kind: PayloadType<T>, payload: T) =>
    encodeEntry({ at: payload.at, e: (await seal(kind, begin.community, payload, council)).bytes })
  const { v } = begin.council
  const end = made.length
  const entries = [
    ...made,
    // It was said before, so it is void.
    encodeEntry({ at, e: (await seal(STEWARDS, begin.community, { v: v + 7, of: [], at }, council)).bytes }),
    await say(NOTICE, { v, m: guest.id, why: 'spam', at }),
    await say(BAN, { v, m: guest.id, why: 'spam', cut: 0, at: later }),
    await say(LOG_ROTATE, { v, log: keys.signer('the next log').publicKey, at: later }),
    await say(STEWARDS, { v, of: [], at: later }),
    await say(STEWARDS, { v, of: [], at: later + 60 }),
  ]
  // The fourth of these ends with the rotation.
  sizes = [1, 100, 255, 256, 257, 300, 512, 513, ...[0, 1, 3, 4, 5, 6].map((added) => end + added)]
  await write('village', entries, sizes, [keys.signer('log'), keys.signer('the next log')])
}, PATIENCE)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The founders' roots, as many as decide. */
function founders({ council }: Membership): readonly Signer[] {
  const roots = [0, 1, 2].map((i) => keys.signer(`root ${i}`))
  return council.keys
    .slice(0, council.k)
    .map((key) => roots.find(({ publicKey }) => publicKey === key) as Signer)
}

async function make(name: string, ...options: readonly string[]): Promise<void> {
  const ran = await palabre(folder, 'generate-ledger', '--out', name, '--seed', SEED, ...options)
  expect(ran).toMatchObject({ status: 0, stderr: '' })
}

async function entriesOf(name: string): Promise<readonly Uint8Array[]> {
  const source = folderSource(join(folder, name))
  const { signal } = new AbortController()
  const note = parseNote(await source.checkpoint(signal))
  const read = note.ok ? parseCheckpoint(note.value.text) : note
  if (!read.ok) throw new Error(read.reason)
  const { size } = read.value
  const entries: Uint8Array[] = []
  for await (const bytes of source.bundles(0, size, signal)) {
    const bundle = decodeBundle(bytes as Uint8Array, tileWidth('entries', entries.length / TILE_WIDTH, size))
    if (!bundle.ok) throw new Error(bundle.reason)
    entries.push(...bundle.value)
  }
  return entries
}

async function stateOf(entries: readonly Uint8Array[]): Promise<Membership> {
  const begun = await beginLedger(verifier, entries[0] as Uint8Array)
  const read = begun.ok ? await replay(verifier, begun.value, entries.slice(1)) : begun
  if (!read.ok) throw new Error(read.reason)
  return read.value
}

/** A log that signed its tree at some sizes: a folder with `checkpoint.<size>` for each. @param logs who may sign, one after the other */
async function write(
  name: string,
  entries: readonly Uint8Array[],
  at: readonly number[],
  logs: readonly Signer[],
): Promise<void> {
  const writer = new TreeWriter(join(folder, name))
  let state = await stateOf(entries.slice(0, 1))
  writer.add(entries[0] as Uint8Array)
  for (const size of at) {
    let signer: KeyText = state.log
    for (const entry of entries.slice(state.size, size)) {
      signer = state.log
      const next = await replay(verifier, state, [entry])
      if (!next.ok) throw new Error(next.reason)
      state = next.value
      writer.add(entry)
    }
    const head = await writer.publish()
    const log = logs.find(({ publicKey }) => publicKey === signer) as Signer
    const hash = stateHash(state, stateRoot(state, nodeSha256), nodeSha256)
    const { note, ...signed } = await signCheckpoint(log, state.community, { ...head, state: hash })
    const cosignatures = await Promise.all(
      [0, 1, 2].map((i) => cosign(keys.signer(`witness ${i}`), note.text, state.time)),
    )
    const signatures = [...note.signatures, ...cosignatures]
    await writer.file(`checkpoint.${size}`, checkpointBytes({ ...signed, note: { ...note, signatures } }))
  }
  show(name, at.at(-1) as number)
}

/** The log shows what it had at this size. */
function show(name: string, size: number): void {
  copyFileSync(join(folder, name, `checkpoint.${size}`), join(folder, name, 'checkpoint'))
}

async function audit(...args: readonly string[]) {
  const { status, stdout, stderr } = await palabre(folder, 'audit', '--json', ...args)
  expect(stderr).toBe('')
  return { status, document: JSON.parse(stdout) }
}

/** What has to be the same whether an audit went on or not. */
function outcome({ status, document }: Awaited<ReturnType<typeof audit>>) {
  const { since: _, kept: __, ...rest } = document
  return { status, document: rest }
}

async function keptAt(name: string, size: number): Promise<string> {
  const file = `${name}.${size}.audit`
  show(name, size)
  const { document } = await audit(name, '--keep', file)
  expect(document.kept).toBe(join(folder, file))
  return file
}

/** A folder as a relay serves it, and the paths that it was asked for. */
async function serve(name: string): Promise<{ readonly relay: string; readonly asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = (request.url ?? '').replace(/^\/log\//, '')
    asked.push(path)
    try {
      response.end(readFileSync(join(folder, name, path)))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { relay: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

describe('an audit that goes on from a kept one', { timeout: PATIENCE }, () => {
  test('comes to what a whole audit comes to, wherever the one before ended', async () => {
    const whole = new Map<number, ReturnType<typeof outcome>>()
    const kept = new Map<number, string>()
    for (const size of sizes) {
      show('village', size)
      const file = `whole.${size}.audit`
      whole.set(size, outcome(await audit('village', '--keep', file)))
      kept.set(size, file)
    }
    const last = sizes.at(-1) as number
    expect(whole.get(last)?.document.summary).toMatchObject({ voids: { 'council-version': 1 } })
    expect(whole.get(last)?.document.summary.bans.all).toBeGreaterThan(0)
    expect(whole.get(last)?.document.summary.logs).toHaveLength(2)
    for (const [i, from] of sizes.entries()) {
      const file = kept.get(from) as string
      // Nothing new, a little that is, and all the rest.
      for (const to of new Set([from, sizes[i + 1] ?? last, last])) {
        show('village', to)
        const went = await audit('village', '--since', file)
        expect(outcome(went), `from ${from} to ${to}`).toEqual(whole.get(to))
        expect(went.document.since).toMatchObject({ since: from, entries: to - from, kind: 'consistent' })
      }
    }
  })

  test('goes on from what went on itself, in the file that it reads', async () => {
    const file = await keptAt('village', sizes[0] as number)
    for (const size of sizes) {
      show('village', size)
      const { document } = await audit('village', '--since', file, '--keep', file)
      expect(document.tree.size).toBe(size)
    }
    const last = sizes.at(-1) as number
    const whole = await keptAt('village', last)
    const shown = (kept: string) => audit('village', '--since', kept)
    expect(await shown(file)).toEqual(await shown(whole))
    expect(readdirSync(folder).filter((name) => name.endsWith('.draft'))).toEqual([])
  })

  test('says the same of each member, and draws the same graph', async () => {
    const file = await keptAt('village', 300)
    show('village', sizes.at(-1) as number)
    const graph = (...args: readonly string[]) =>
      palabre(folder, 'audit', 'village', '--graph', 'json', ...args)
    const drawn = await graph()
    expect(await graph('--since', file)).toEqual(drawn)
    const { nodes } = JSON.parse(drawn.stdout)
    for (const { id } of [nodes[0], nodes[1], nodes[20], nodes.at(-1)]) {
      const { document } = await audit('village', '--member', id, '--since', file)
      expect(document.member).toEqual((await audit('village', '--member', id)).document.member)
    }
  })

  test('saves the same ledger file', async () => {
    const file = await keptAt('village', 300)
    show('village', sizes.at(-1) as number)
    await audit('village', '--save', 'whole.ledger')
    await audit('village', '--since', file, '--save', 'further.ledger')
    expect(readFileSync(join(folder, 'further.ledger'))).toEqual(readFileSync(join(folder, 'whole.ledger')))
  })

  test('asks the log for nothing but what is new', async () => {
    const file = await keptAt('village', 300)
    show('village', 513)
    const { relay, asked } = await serve('village')
    const { status } = await audit(relay, '--since', file)
    expect(status).toBe(0)
    // Of the bundle and the tile of hashes in which the new ones begin the old part comes with it.
    expect(asked.toSorted()).toEqual([
      'checkpoint',
      'tile/0/001',
      'tile/0/002.p/1',
      'tile/1/000.p/2',
      'tile/entries/001',
      'tile/entries/002.p/1',
    ])
    show('village', 300)
    asked.length = 0
    await audit(relay, '--since', file)
    expect(asked.toSorted()).toEqual(['checkpoint', 'tile/0/001.p/44', 'tile/1/000.p/1'])
  })

  test('reads everything where it is compared with what is older, and nothing of it where it is not', async () => {
    const file = await keptAt('village', 300)
    show('village', 513)
    for (const [size, old] of [
      [257, true],
      [300, false],
      [512, false],
      [513, false],
    ] as const) {
      const { relay, asked } = await serve('village')
      const went = await audit(relay, '--since', file, '--compare', `village/checkpoint.${size}`)
      expect(went).toMatchObject({ status: 0, document: { compared: { size, kind: 'consistent' } } })
      expect(asked.includes('tile/entries/000'), String(size)).toBe(old)
    }
  })

  test('tells a person what is new, and that only that was computed', async () => {
    const file = await keptAt('village', 300)
    show('village', 513)
    // As everywhere but in these tests, with workers of its own.
    const { stdout } = await palabreAlone(folder, 'audit', 'village', '--since', file, '--keep', 'next.audit')
    expect(stdout).toMatch(/Since entry 300: 213 new entries/)
    expect(stdout).toMatch(/This audit is kept in .*next\.audit/)
    expect(stdout).toMatch(/Nothing is wrong: every entry since the earlier audit/)
  })

  test('must be of the community that was asked for', async () => {
    const file = await keptAt('village', 300)
    const other = `${'A'.repeat(42)}E`
    const wrong = await audit('village', '--since', file, '--community', other, '--keep', file)
    expect(wrong).toMatchObject({ status: 1, document: { findings: [{ code: 'community-wrong' }] } })
    // Whoever names no community is not told of one that was named once.
    expect(await audit('village', '--since', file)).toMatchObject({ status: 0, document: { findings: [] } })
  })
})

describe('what a log does wrong after an audit was kept', { timeout: PATIENCE }, () => {
  // What is served instead of a larger tree is a smaller one: see below.
  test.each(FAULT_KINDS.filter((kind) => kind !== 'shorter').map((kind) => [kind]))(
    '%s is found as a whole audit finds it',
    async (kind) => {
      const name = `with ${kind}`
      await make(name, '--members', '40', '--faults', kind)
      const newest = readFileSync(join(folder, name, 'checkpoint'))
      copyFileSync(join(folder, name, 'checkpoint.older'), join(folder, name, 'checkpoint'))
      const file = `${kind}.audit`
      expect(await audit(name, '--keep', file)).toMatchObject({ status: 0 })
      writeFileSync(join(folder, name, 'checkpoint'), newest)
      const whole = await audit(name)
      expect(outcome(await audit(name, '--since', file))).toEqual(outcome(whole))
      const again = await audit(name, '--since', file, '--keep', file)
      expect(again.status).toBe(whole.status)
      // Once more from what was kept now, or from what was kept before where this could not be.
      expect('kept' in again.document).not.toBe('unkept' in again.document)
      expect(outcome(await audit(name, '--since', file))).toEqual(outcome(whole))
    },
  )

  test('is told again by the audits after it, though they do not look there', async () => {
    cpSync(join(folder, 'village'), join(folder, 'bad tiles'), { recursive: true })
    for (const tile of ['tile/0/000', 'tile/0/001.p/44']) {
      const path = join(folder, 'bad tiles', tile)
      writeFileSync(path, readFileSync(path).fill(1, 0, 1))
    }
    const file = await keptAt('bad tiles', 300)
    const full = { code: 'tile-wrong', tile: { level: 0, index: 0, width: 256 } }
    const partial = { code: 'tile-wrong', tile: { level: 0, index: 1, width: 44 } }
    for (const size of [300, 513]) {
      show('bad tiles', size)
      const { relay, asked } = await serve('bad tiles')
      const { status, document } = await audit(relay, '--since', file, '--keep', file)
      expect(status).toBe(1)
      expect(document.findings).toMatchObject(size === 300 ? [full, partial] : [full])
      expect(document.since.earlier ?? []).toMatchObject(size === 300 ? [] : [partial])
      expect(asked).not.toContain('tile/0/000')
    }
    const { stdout } = await palabre(folder, 'audit', 'bad tiles', '--since', file)
    expect(stdout).toMatch(
      /Found by an earlier audit in what the log showed then:\n {2}tile-wrong {2}.*tile 1 of/,
    )
  })

  test('got shorter: it is told, and the larger audit stays', async () => {
    const file = await keptAt('village', 513)
    const before = readFileSync(join(folder, file))
    // Also where the log that signed the larger tree is one that the smaller tree does not name.
    const later = await keptAt('village', sizes.at(-1) as number)
    show('village', 300)
    for (const kept of [file, later]) {
      const { status, document } = await audit('village', '--since', kept, '--keep', file)
      expect(status).toBe(1)
      expect(document).toMatchObject({ findings: [{ code: 'log-shrunk' }], unkept: { code: 'audit-unkept' } })
    }
    expect(readFileSync(join(folder, file))).toEqual(before)
  })

  test('shows another history: the evidence holds for whoever knows the genesis', async () => {
    await make('two', '--members', '40', '--faults', 'fork')
    await audit('two', '--keep', 'two.audit')
    const before = readFileSync(join(folder, 'two.audit'))
    const { status, document } = await audit(
      'two-fork',
      ...['--since', 'two.audit', '--keep', 'two.audit', '--evidence', 'same.cbor'],
    )
    expect(status).toBe(1)
    expect(document).toMatchObject({ since: { kind: 'split' }, findings: [{ code: 'split-view' }] })
    expect(document).toMatchObject({ valid: false, unkept: { code: 'audit-unkept' } })
    expect(readFileSync(join(folder, 'two.audit'))).toEqual(before)
    expect(await audit('two', '--verify-evidence', 'same.cbor')).toMatchObject({
      status: 0,
      document: { holds: true, kind: 'fork' },
    })
  })

  test('shows another history that is longer: the evidence holds too', async () => {
    const entries = await entriesOf('two')
    const others = await entriesOf('two-fork')
    const { community, council, time } = await stateOf(others)
    const payload = { v: council.v, of: [], at: time }
    const envelope = await seal(STEWARDS, community, payload, founders(await stateOf(others)))
    const longer = [...others, encodeEntry({ at: time, e: envelope.bytes })]
    await write('longer', longer, [longer.length], [keys.signer('log')])
    await write('one', entries, [entries.length], [keys.signer('log')])
    await audit('one', '--keep', 'one.audit')
    const went = await audit('longer', '--since', 'one.audit', '--evidence', 'longer.cbor')
    expect(went).toMatchObject({ status: 1, document: { findings: [{ code: 'split-view' }] } })
    expect(await audit('one', '--verify-evidence', 'longer.cbor')).toMatchObject({
      status: 0,
      document: { holds: true, kind: 'fork' },
    })
  })

  test('lost a bundle in which the kept audit ends: that is no other history', async () => {
    const file = await keptAt('village', 300)
    cpSync(join(folder, 'village'), join(folder, 'gap'), { recursive: true })
    show('gap', 513)
    rmSync(join(folder, 'gap/tile/entries/001'))
    for (const since of [file, 'village/checkpoint.300']) {
      const { status, document } = await audit('gap', '--since', since)
      expect(status).toBe(1)
      expect(document.findings).toMatchObject([{ code: 'tile-missing', index: 256 }])
    }
  })
})

describe('a kept audit', { timeout: PATIENCE }, () => {
  const refused = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await palabre(folder, 'audit', ...args)
    expect([status, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^[^\n]+ \([a-z-]+\)\n$/)
    return /\(([a-z-]+)\)\n$/.exec(stderr)?.[1]
  }
  const from = (file: string) => refused('village', '--since', file)

  test('is refused wherever a byte of it was changed, or it was cut short or goes on', async () => {
    const file = await keptAt('village', 300)
    const whole = readFileSync(join(folder, file))
    const bad = async (bytes: Uint8Array) => {
      writeFileSync(join(folder, 'bad.audit'), bytes)
      return from('bad.audit')
    }
    // The name of the format stands first. What does not begin with it is read as a checkpoint.
    for (let at = 0; at < 17; at++) {
      const code = await bad(whole.with(at, (whole[at] as number) ^ 1))
      expect(code, `byte ${at}`).toBe(at === 9 ? 'audit-version-unknown' : 'checkpoint-malformed')
    }
    const spread = Array.from({ length: 24 }, (_, i) => 17 + Math.floor(((whole.length - 18) * i) / 23))
    for (const at of [18, 19, 20, 21, ...spread])
      expect(await bad(whole.with(at, (whole[at] as number) ^ 1)), `byte ${at}`).toBe('audit-malformed')
    for (const length of [17, 18, 30, 49, 50, whole.length >> 1, whole.length - 32, whole.length - 1])
      expect(await bad(whole.subarray(0, length)), `length ${length}`).toBe('audit-malformed')
    expect(await bad(Buffer.concat([whole, Buffer.of(0)]))).toBe('audit-malformed')
    expect(await bad(whole.subarray(0, 16))).toBe('checkpoint-malformed')
    writeFileSync(join(folder, 'bad.audit'), whole)
    expect(await audit('village', '--since', 'bad.audit')).toMatchObject({ status: 0 })
  })

  test('is refused when its hash holds, and its state is not the one that was hashed', async () => {
    const file = await keptAt('village', 300)
    const whole = readFileSync(join(folder, file))
    // Of somebody's standing, which stands there as text.
    const at = whole.indexOf('active')
    const forged = Buffer.concat([whole.subarray(0, at), Buffer.from('banned'), whole.subarray(at + 6, -32)])
    writeFileSync(join(folder, 'forged.audit'), Buffer.concat([forged, nodeSha256(forged)]))
    expect(await from('forged.audit')).toBe('audit-malformed')
  })

  test('is refused when a later Node wrote it: its hash holds, and its values cannot be read', async () => {
    const file = await keptAt('village', 300)
    const whole = readFileSync(join(folder, file))
    // The format's name and the length of the first value stand before it; V8 begins a value with FF and the number of its own format.
    const at = 'palabre/v1/audit\n'.length + 4
    expect(whole[at]).toBe(0xff)
    const later = whole.subarray(0, -32).with(at + 1, (whole[at + 1] as number) + 1)
    writeFileSync(join(folder, 'later.audit'), Buffer.concat([later, nodeSha256(later)]))
    expect(await from('later.audit')).toBe('audit-version-unknown')
    const { stderr } = await palabre(folder, 'audit', 'village', '--since', 'later.audit')
    expect(stderr).toContain('was kept by a later version of Node: verify the ledger once more.')
  })

  test('is refused when it is of another version, too large, no file, or not there', async () => {
    const file = await keptAt('village', 300)
    const whole = readFileSync(join(folder, file), 'latin1')
    writeFileSync(join(folder, 'next.version'), whole.replace('palabre/v1/', 'palabre/v2/'), 'latin1')
    expect(await from('next.version')).toBe('audit-version-unknown')
    copyFileSync(join(folder, file), join(folder, 'large.audit'))
    truncateSync(join(folder, 'large.audit'), MAX_KEPT_BYTES + 1)
    expect(await from('large.audit')).toBe('audit-too-large')
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const writing = spawn('sh', ['-c', 'cat "$0" > "$1"', join(folder, file), join(folder, 'pipe')])
    const ended = once(writing, 'exit')
    expect(await from('pipe')).toBe('audit-not-a-file')
    await ended
    expect(await from('.')).toBe('source-unreadable')
    expect(await from('nowhere')).toBe('source-unreadable')
  })

  test('is refused when it is of another community, or of a log with other keys', async () => {
    const file = await keptAt('village', 300)
    await palabre(folder, 'generate-ledger', '--out', 'foreign', '--seed', 'y', '--members', '3')
    expect(await refused('foreign', '--since', file)).toBe('audit-foreign')
    expect(await refused('foreign', '--since', file, '--keep', file)).toBe('audit-foreign')
    const made = (await entriesOf('made')).slice(0, 300)
    const { community, council, time: at } = await stateOf(made)
    for (const name of ['one line', 'other line']) {
      const log = keys.signer(`the log of ${name}`)
      const say = async <T>(kind: PayloadType<T>, payload: T) =>
        encodeEntry({ at, e: (await seal(kind, community, payload, founders(await stateOf(made)))).bytes })
      const rotate = await say(LOG_ROTATE, { v: council.v, log: log.publicKey, at })
      const further = await say(STEWARDS, { v: council.v, of: [], at })
      await write(name, [...made, rotate, further], [300, 302], [keys.signer('log'), log])
    }
    const line = await keptAt('one line', 302)
    expect(await refused('other line', '--since', line)).toBe('audit-log-other')
    // Before they part, it is one log.
    show('one line', 300)
    await audit('one line', '--keep', 'before.audit')
    expect(await audit('other line', '--since', 'before.audit')).toMatchObject({ status: 0 })
  })

  test('is written whole or not at all, and takes the place of nothing but a file', async () => {
    show('village', 300)
    for (const place of ['nowhere/x', '.', '/dev/null', 'village/checkpoint/x']) {
      const { status, document } = await audit('village', '--keep', place)
      expect({ status, code: document.unkept.code }).toEqual({ status: 2, code: 'file-unwritable' })
      expect(document).toMatchObject({ valid: true })
    }
    mkdirSync(join(folder, 'elsewhere'))
    const target = join(folder, 'elsewhere/real.audit')
    writeFileSync(target, '')
    symlinkSync(target, join(folder, 'link.audit'))
    expect(await audit('village', '--keep', 'link.audit')).toMatchObject({ status: 0 })
    expect(lstatSync(join(folder, 'link.audit')).isSymbolicLink()).toBe(true)
    expect(await audit('village', '--since', 'link.audit')).toMatchObject({ status: 0 })
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual(['real.audit'])
  })

  test('is not made of what the log did not sign, and what is wrong is told all the same', async () => {
    await make('unsigned', '--members', '30', '--faults', 'wrong-root')
    expect(await audit('unsigned', '--keep', 'unsigned.audit')).toMatchObject({
      status: 1,
      document: { findings: [{ code: 'root-wrong' }], unkept: { code: 'audit-unkept' } },
    })
    expect(existsSync(join(folder, 'unsigned.audit'))).toBe(false)
    const { stdout } = await palabre(folder, 'audit', 'unsigned', '--keep', 'unsigned.audit')
    expect(stdout).toMatch(/this audit is not kept\. \(audit-unkept\)/)
  })
})
