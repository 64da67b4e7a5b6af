import { createHash } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { workerCrew } from '../../../node/audit/worker-crew.ts'
import { COMMANDS } from '../../../node/cli/commands.ts'
import { EXIT } from '../../../node/cli/failure.ts'
import { runProgram } from '../../../node/cli/program.ts'
import { PROMISE } from '../../../protocol/community/entry.ts'
import { seal } from '../../../protocol/envelope.ts'
import type { StatementId } from '../../../protocol/ids.ts'
import { MAX_EVIDENCE_BYTES, MAX_NOTE_BYTES } from '../../../protocol/limits.ts'
import { checkpointBytes, signCheckpoint } from '../../../protocol/log/checkpoint.ts'
import { doublePromise, encodeEvidence } from '../../../protocol/log/evidence.ts'
import { devicesOf, found, openLog, promised } from '../../relay/tree/log-rig.ts'
import { bytesOf, type Founded, NOON, signerOf } from '../../support/community.ts'
import { elsewhere } from './besieged.ts'

/** A folder with a good ledger (`log`), the same in one file (`village.ledger`), and what a test puts beside them. */
let home: string
let founded: Founded
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'palabre-command-'))
  const rig = await openLog(home)
  founded = await found(rig)
  for (const statement of await devicesOf(founded, 3)) promised(await rig.keeper.submit(statement))
  await rig.publisher.begin()
  rig.close()
  const { status } = await palabre('audit', 'log', '--save', 'village.ledger')
  expect(status).toBe(EXIT.ok)
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

describe('palabre audit', () => {
  test.each([
    ['nothing', [], 'usage'],
    ['a command that is not there', ['audti', 'log'], 'usage'],
    ['an option that is not there', ['audit', 'log', '--quick'], 'usage'],
    ['an option without its value', ['audit', 'log', '--since'], 'usage'],
    ['too many sources', ['audit', 'log', 'log'], 'usage'],
    ['no community id', ['audit', 'log', '--community', 'ours'], 'usage'],
    ['a format that is not there', ['audit', 'log', '--graph', 'jpeg'], 'usage'],
    ['an address that is none', ['audit', 'http://'], 'usage'],
    ['a folder that is not there', ['audit', 'lgo'], 'source-missing'],
    ['a file below a file', ['audit', 'village.ledger/log'], 'source-missing'],
    ['a folder without a log', ['audit', 'log/tile'], 'source-missing'],
    ['a checkpoint that is not there', ['audit', 'log', '--since', 'nowhere'], 'source-unreadable'],
    ['a folder for a checkpoint', ['audit', 'log', '--since', 'log'], 'source-unreadable'],
    ['a ledger for a checkpoint', ['audit', 'log', '--since', 'village.ledger'], 'checkpoint-malformed'],
    ['nothing to compare with', ['audit', 'log', '--compare', 'nowhere'], 'source-missing'],
    ['evidence that is not there', ['audit', 'log', '--verify-evidence', 'nowhere'], 'source-unreadable'],
    ['a file without end for a ledger', ['audit', '/dev/zero'], 'file-malformed'],
    ['a file without end for a checkpoint', ['audit', 'log', '--since', '/dev/zero'], 'checkpoint-malformed'],
    [
      'a file without end to compare with',
      ['audit', 'log', '--compare', '/dev/zero'],
      'checkpoint-malformed',
    ],
    ['evidence without end', ['audit', 'log', '--verify-evidence', '/dev/zero'], 'evidence-malformed'],
    ['a key without end', ['watch', 'log', '--once', '--witness-key', '/dev/zero'], 'key-malformed'],
    ['a folder for evidence', ['audit', 'log', '--verify-evidence', 'log'], 'source-unreadable'],
    ['a member whom nobody knows', ['audit', 'log', '--member', 'zzzz'], 'member-unknown'],
  ] as const)('is told %s', async (_, args, code) => {
    // Alone, the command shows its help.
    const given = args.length === 0 ? ['audit'] : args
    await expectRefused(code, ...given)
  })

  test('reads no file that is no ledger, wherever it is cut or changed', async () => {
    const good = readFileSync(join(home, 'village.ledger'))
    const head = headLength(good)
    const cuts = [0, 1, 17, 18, 20, 22, 30, head - 1, head, head + 1, good.length - 100, good.length - 1]
    for (const [i, cut] of cuts.entries())
      await expectRefused('file-malformed', 'audit', beside(`cut-${i}`, good.subarray(0, cut)))
    const wrong: [string, Uint8Array][] = [
      ['noise', bytesOf('noise')],
      ['one byte more', Buffer.concat([good, Buffer.of(0)])],
      ['another beginning', changed(good, 3)],
      [
        'a checkpoint of 4 GiB',
        Buffer.concat([good.subarray(0, 18), Buffer.alloc(4, 0xff), good.subarray(22)]),
      ],
      ['much of nothing', Buffer.alloc(3_000_000)],
    ]
    for (const [name, bytes] of wrong) await expectRefused('file-malformed', 'audit', beside(name, bytes))
  })

  test('finds what is wrong with a folder of tiles, and does not fall over it', async () => {
    const cases: [string, (folder: string) => void, readonly string[]][] = [
      [
        'a checkpoint that is none',
        (at) => writeFileSync(join(at, 'checkpoint'), 'hello'),
        ['checkpoint-malformed'],
      ],
      ['another signature', (at) => changeFile(join(at, 'checkpoint'), -10), ['checkpoint-unsigned']],
      ['no entries', (at) => rmSync(join(at, 'tile/entries'), { recursive: true }), ['tile-missing']],
      ['entries cut short', (at) => cutFile(bundleIn(at)), ['tile-malformed']],
      ['another genesis', (at) => changeFile(bundleIn(at), 100), ['genesis-wrong']],
      ['a changed entry', (at) => changeFile(bundleIn(at), -10), ['root-wrong']],
      ['another tree', (at) => changeFile(join(at, 'tile/0', '000.p', '6'), 40), ['tile-wrong']],
      [
        'a tree that is too long',
        (at) => writeFileSync(join(at, 'tile/0', '000.p', '6'), Buffer.alloc(8000)),
        ['tile-wrong'],
      ],
    ]
    for (const [name, spoil, codes] of cases) {
      const folder = join(home, `spoiled ${name}`)
      cpSync(join(home, 'log'), folder, { recursive: true })
      spoil(folder)
      const { status, document } = await unchanged(() => palabre('--json', 'audit', folder))
      expect(status, name).toBe(EXIT.findings)
      const { valid, findings } = document as { valid: boolean; findings: { code: string; detail: string }[] }
      expect(valid, name).toBe(false)
      expect(
        findings.map(({ code }) => code),
        name,
      ).toEqual(expect.arrayContaining([...codes]))
      for (const { detail } of findings) expect(detail, name).toMatch(SENTENCE)
    }
  })

  test('cannot read what is no file, or far too long', async () => {
    const oversized = join(home, 'oversized')
    cpSync(join(home, 'log'), oversized, { recursive: true })
    writeFileSync(join(oversized, 'checkpoint'), Buffer.alloc(MAX_NOTE_BYTES + 1, 'x'))
    await expectRefused('source-unreadable', 'audit', 'oversized')
    const odd = join(home, 'odd')
    cpSync(join(home, 'log'), odd, { recursive: true })
    rmSync(bundleIn(odd))
    mkdirSync(bundleIn(odd))
    await expectRefused('source-unreadable', 'audit', 'odd')
  })

  test('tells evidence that proves nothing from what is no evidence', async () => {
    const { community } = founded
    const log = signerOf('log')
    // One statement in two places.
    const promise = (index: number, signer = log) =>
      seal(PROMISE, community, { id: founded.founder.identity.id as StatementId, index, at: NOON }, [signer])
    const [one, other] = [await promise(1), await promise(2)]
    const forged = [await promise(1, signerOf('x')), await promise(2, signerOf('x'))] as const
    const foreign = await elsewhere(0)
    const cases: [string, Uint8Array, string][] = [
      [
        'of another community',
        encodeEvidence(doublePromise(foreign.community, log.publicKey, one, other)),
        'foreign-community',
      ],
      [
        'against another key',
        encodeEvidence(doublePromise(community, signerOf('x').publicKey, one, other)),
        'log-unknown',
      ],
      [
        'two promises that agree',
        encodeEvidence(doublePromise(community, log.publicKey, one, one)),
        'not-canonical',
      ],
      [
        'promises that somebody else signed',
        encodeEvidence(doublePromise(community, log.publicKey, ...forged)),
        'signer-unexpected',
      ],
    ]
    for (const [name, bytes, reason] of cases) {
      const file = beside(`evidence ${name}`, bytes)
      const { status, document, stderr } = await unchanged(() =>
        palabre('--json', 'audit', 'log', '--verify-evidence', file),
      )
      expect([status, stderr], name).toEqual([EXIT.findings, ''])
      expect(document, name).toMatchObject({ holds: false, reason })
    }
    const none: [string, Uint8Array, string][] = [
      ['nothing', new Uint8Array(), 'malformed'],
      ['noise', bytesOf('noise'), 'type-not-allowed'],
      ['no map', Uint8Array.of(0x80), 'field-invalid'],
      ['an empty map', Uint8Array.of(0xa0), 'field-missing'],
      ['too much', new Uint8Array(MAX_EVIDENCE_BYTES + 1), 'too-large'],
      ['a ledger', readFileSync(join(home, 'village.ledger')).subarray(0, 900), 'trailing-bytes'],
    ]
    for (const [name, bytes, reason] of none) {
      const file = beside(`no evidence ${name}`, bytes)
      await expectRefused('evidence-malformed', 'audit', 'log', '--verify-evidence', file)
      const { stderr } = await palabre('audit', 'log', '--verify-evidence', file)
      expect(stderr, name).toContain(`(${reason})`)
    }
    const holds = beside(
      'evidence that holds',
      encodeEvidence(doublePromise(community, log.publicKey, one, other)),
    )
    expect((await palabre('--json', 'audit', 'log', '--verify-evidence', holds)).document).toMatchObject({
      holds: true,
    })
  })

  test('says of a checkpoint of another log that it is one', async () => {
    const foreign = await elsewhere(0)
    const head = { size: 3, root: bytesOf('root'), state: bytesOf('state') }
    const note = checkpointBytes(await signCheckpoint(signerOf('another log'), foreign.community, head))
    const file = beside('foreign checkpoint', note)
    for (const option of ['--since', '--compare'])
      await expectRefused('checkpoint-unsigned', 'audit', 'log', option, file)
  })

  test('is not held up by a server that is no relay', async () => {
    const servers: [string, RequestListener, string][] = [
      ['that has nothing', (_, answer) => answer.writeHead(404).end(), 'source-missing'],
      ['that is broken', (_, answer) => answer.writeHead(500).end('oops'), 'source-unreadable'],
      ['that hangs up', (request) => request.destroy(), 'source-unreadable'],
      [
        'that sends others on for ever',
        (_, answer) => answer.writeHead(302, { Location: '/log/checkpoint' }).end(),
        'source-unreadable',
      ],
      ['that never ends', (_, answer) => pour(answer), 'source-unreadable'],
    ]
    for (const [, listener, code] of servers) await expectRefused(code, 'audit', await served(listener))
    const page = await served((_, answer) => answer.writeHead(200).end('<!doctype html><p>Hello'))
    const { status, document } = await palabre('--json', 'audit', page)
    expect(status).toBe(EXIT.findings)
    expect(document).toMatchObject({ valid: false, findings: [{ code: 'checkpoint-malformed' }] })
    const gone = await served((request) => request.destroy())
    await expectRefused('source-unreadable', 'audit', gone.replace(/:\d+/, ':1'))
  })
})

const SENTENCE = /^[A-Z][^\n]*\.$/

interface Told {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
  /** What stdout says, where that is JSON. */
  readonly document: unknown
}

async function palabre(...args: readonly string[]): Promise<Told> {
  const told = { stdout: '', stderr: '' }
  const into = (name: 'stdout' | 'stderr') => ({
    write(text: string) {
      told[name] += text
    },
  })
  const status = await runProgram(args, COMMANDS, {
    stdout: into('stdout'),
    stderr: into('stderr'),
    folder: home,
    signal: AbortSignal.timeout(50_000),
    watched: false,
    now: () => 0,
    readStdin: async () => '',
    crew: workerCrew,
  })
  return { status, ...told, document: args.includes('--json') ? JSON.parse(told.stdout) : undefined }
}

/** With one sentence and its code for people, the same as JSON, and nothing changed by either. */
async function expectRefused(code: string, ...args: readonly string[]): Promise<void> {
  const what = args.join(' ').slice(0, 200)
  const { plain, json } = await unchanged(async () => ({
    plain: await palabre(...args),
    json: await palabre('--json', ...args),
  }))
  expect([plain.status, plain.stdout], what).toEqual([EXIT.failed, ''])
  expect(plain.stderr, what).toMatch(new RegExp(`^[^\\n]+\\. \\(${code}\\)\\n$`))
  expect([json.status, json.stderr], what).toEqual([EXIT.failed, ''])
  const { error } = json.document as { readonly error: { readonly code: string; readonly message: string } }
  expect(`${error.message} (${error.code})\n`, what).toBe(plain.stderr)
}

async function unchanged<T>(work: () => Promise<T>): Promise<T> {
  const before = filesOf(home)
  const result = await work()
  expect(filesOf(home)).toEqual(before)
  return result
}

function filesOf(folder: string): unknown {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const path = join(folder, name)
      return statSync(path).isFile()
        ? [name, createHash('sha256').update(readFileSync(path)).digest('hex')]
        : name
    })
}

/** A file in the home. */
function beside(name: string, bytes: Uint8Array): string {
  writeFileSync(join(home, name), bytes)
  return name
}

/** The six entries of the ledger. */
function bundleIn(log: string): string {
  return join(log, 'tile/entries/000.p/6')
}

/** Where the entries of a ledger file begin: the length of the checkpoint stands after the first 18 bytes. */
function headLength(file: Buffer): number {
  return 22 + file.readUInt32BE(18)
}

/** With one bit flipped. @param at from the end where it is negative */
function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const index = at < 0 ? bytes.length + at : at
  copy[index] = (copy[index] as number) ^ 1
  return copy
}

function changeFile(path: string, at: number): void {
  writeFileSync(path, changed(readFileSync(path), at))
}

function cutFile(path: string): void {
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.subarray(0, bytes.length - 1))
}

/** @returns the address of a server that answers everything like this, for this test */
async function served(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** As long as somebody reads. */
function pour(answer: ServerResponse): void {
  answer.writeHead(200)
  const more = () => {
    while (!answer.destroyed && answer.write(Buffer.alloc(65_536, 'x')));
  }
  answer.on('drain', more)
  more()
}
