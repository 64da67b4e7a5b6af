import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { FAULT_KINDS } from '../../node/generate/faults.ts'
import { palabre, palabreUntil } from './run.ts'

/** Workers are started for each audit, on a machine that does other things too. Milliseconds. */
const PATIENCE = 60_000

let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'palabre-test-'))
  await make('village', '--members', '40')
}, PATIENCE)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function make(name: string, ...options: readonly string[]): Promise<void> {
  const ran = await palabre(folder, 'generate-ledger', '--out', name, '--seed', 'audit', ...options)
  expect(ran).toMatchObject({ status: 0, stderr: '' })
}

/** What an audit says, as a program sees it. */
async function audit(...args: readonly string[]) {
  const { status, stdout, stderr } = await palabre(folder, 'audit', '--json', ...args)
  expect(stderr).toBe('')
  return { status, document: JSON.parse(stdout) }
}

/** A folder as a relay serves it. */
async function serve(name: string): Promise<string> {
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(join(folder, name, (request.url ?? '').replace(/^\/log\//, ''))))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a valid ledger', { timeout: PATIENCE }, () => {
  test('is the same bytes for the same seed, and others for another', async () => {
    await make('again', '--members', '40')
    const checkpoint = (name: string) => readFileSync(join(folder, name, 'checkpoint'), 'utf8')
    expect(checkpoint('again')).toBe(checkpoint('village'))
    await palabre(folder, 'generate-ledger', '--out', 'other', '--seed', 'x', '--members', '40')
    expect(checkpoint('other')).not.toBe(checkpoint('village'))
  })

  test('has no findings, and a summary in which everybody is counted', async () => {
    const { status, document } = await audit('village')
    expect(status).toBe(0)
    expect(document).toMatchObject({ valid: true, findings: [] })
    const { members, entries } = document.summary
    const { active, banned, cut, left, repudiated } = members
    expect(members.all).toBe(40)
    expect(active + banned + cut + left + repudiated).toBe(40)
    expect(document.checkpoint).toMatchObject({ size: entries, cosigned: 3, root: document.tree.root })
    expect(document.checkpoint.state).toBe(document.state)
  })

  test('is the same from a relay and from one file', async () => {
    const { document } = await audit('village', '--save', 'village.ledger')
    const fromFile = await audit('village.ledger')
    const fromRelay = await audit(await serve('village'))
    for (const other of [fromFile, fromRelay]) {
      expect(other.status).toBe(0)
      expect({ ...other.document, source: '' }).toEqual({ ...document, source: '' })
    }
  })

  test('tells a person that nothing is wrong, and what was computed', async () => {
    const { status, stdout } = await palabre(folder, 'audit', 'village')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^Village audit\n/)
    expect(stdout).toMatch(/cosigned by 3 of 3 witnesses \(2 wanted\)/)
    expect(stdout).toMatch(/Nothing is wrong/)
  })

  test.each(['default', 'open', 'strict'])('can have the policy %s', async (policy) => {
    await make(`of ${policy}`, '--members', '30', '--policy', policy, '--entries', '400')
    expect(await audit(`of ${policy}`)).toMatchObject({ status: 0, document: { findings: [] } })
  })

  test('is graphed with every member and whoever invited them', async () => {
    const { stdout: json } = await palabre(folder, 'audit', 'village', '--graph', 'json')
    const { nodes, edges } = JSON.parse(json)
    expect(nodes).toHaveLength(40)
    const invited = edges.filter(({ kind }: { kind: string }) => kind === 'invited')
    expect(invited).toHaveLength(40 - 3)
    const { stdout: csv } = await palabre(folder, 'audit', 'village', '--graph', 'csv')
    expect(csv.trimEnd().split('\r\n')).toHaveLength(1 + 40 + edges.length - invited.length)
    const { stdout: dot } = await palabre(folder, 'audit', 'village', '--graph', 'dot')
    expect(dot.match(/->/g)).toHaveLength(edges.length)
    await palabre(folder, 'audit', 'village', '--graph', 'graphml', '--out', 'graph.xml')
    expect(readFileSync(join(folder, 'graph.xml'), 'utf8').match(/<edge /g)).toHaveLength(edges.length)
  })

  test('says of a member who sponsored them, and what every slot is', async () => {
    const { stdout } = await palabre(folder, 'audit', 'village', '--graph', 'json')
    const { nodes } = JSON.parse(stdout)
    const guest = nodes.findLast(({ founder }: { founder: boolean }) => !founder)
    const { document } = await audit('village', '--member', guest.id.slice(0, 8))
    expect(document.member).toMatchObject({ id: guest.id, founder: false, branch: guest.branch })
    expect(document.member.sponsors[0]).toBe(guest.sponsor)
    expect(document.member.slots.length).toBeGreaterThan(0)
    const founder = nodes[0].id
    const { document: ofFounder } = await audit('village', '--member', founder)
    const below = ofFounder.member.below.map(({ id }: { id: string }) => id)
    const descends = (id: string): boolean => {
      const sponsor = nodes.find((node: { id: string }) => node.id === id)?.sponsor
      return sponsor === founder || (sponsor !== undefined && descends(sponsor))
    }
    const expected = nodes.filter((node: { id: string }) => descends(node.id))
    expect(below.toSorted()).toEqual(expected.map(({ id }: { id: string }) => id).toSorted())
  })

  test('counts what is new since an older checkpoint', async () => {
    const { status, document } = await audit('village', '--since', 'village/checkpoint.older')
    expect(status).toBe(0)
    const { since, entries, taken } = document.since
    expect(document.since.kind).toBe('consistent')
    expect(since + entries).toBe(document.summary.entries)
    expect(Object.values<number>(taken).reduce((sum, n) => sum + n, 0)).toBe(entries)
  })

  test('must be of the community that was asked for', async () => {
    const { document } = await audit('village')
    const { community } = document.summary
    expect((await audit('village', '--community', community)).status).toBe(0)
    const wrong = await audit('village', '--community', `${'A'.repeat(42)}E`)
    expect(wrong).toMatchObject({ status: 1, document: { findings: [{ code: 'community-wrong' }] } })
  })
})

/** What each fault is found by: code, and the reason of a void entry. */
const FOUND: Readonly<Record<string, readonly string[]>> = {
  'bad-signature': ['entry-void signature-wrong'],
  'wrong-slot': ['entry-void slot-not-entitled'],
  'spent-slot': ['entry-void slot-spent'],
  'used-invitation': ['entry-void invitation-used'],
  'unknown-invitation': ['entry-void invitation-unknown'],
  'foreign-community': ['entry-void foreign-community'],
  'unknown-type': ['entry-void unknown-type'],
  'left-out-number': ['entry-void sequence-wrong'],
  twin: ['entry-void equivocation'],
  'banned-member': ['entry-void member-banned'],
  'council-minority': ['entry-void council-minority'],
  reordered: ['state-wrong', 'entry-void sequence-wrong'],
  'time-backwards': ['time-backwards time-backwards'],
  'broken-entry': ['entry-malformed indefinite-length'],
  'wrong-root': ['root-wrong'],
  'wrong-state': ['state-wrong'],
  'wrong-signer': ['checkpoint-unsigned signer-missing'],
  'no-witness': ['witnesses-missing'],
  'forged-cosignature': ['cosignature-wrong signature-wrong'],
  'truncated-tile': ['tile-malformed tile-malformed'],
  'missing-tile': ['tile-missing'],
  'wrong-tile': ['tile-wrong'],
  // Nothing is wrong with them alone.
  shorter: [],
  fork: [],
}

describe('a ledger that is wrong on purpose', { timeout: PATIENCE }, () => {
  test.each(FAULT_KINDS.map((kind) => [kind]))('%s is found, and nothing else', async (kind) => {
    await make(`with ${kind}`, '--members', '30', '--faults', kind)
    const { status, document } = await audit(`with ${kind}`)
    const found = document.findings.map(({ code, reason }: { code: string; reason?: string }) =>
      [code, reason].filter((part) => part !== undefined).join(' '),
    )
    expect(found).toEqual(FOUND[kind])
    expect(status).toBe(found.length > 0 ? 1 : 0)
  })

  test('has a bundle less: what stands before it is judged all the same', async () => {
    await make('gap', '--members', '150')
    const { document: whole } = await audit('gap')
    const bundles = Math.ceil(whole.summary.entries / 256)
    expect(bundles).toBeGreaterThan(2)
    rmSync(join(folder, 'gap/tile/entries/001'))
    const { status, document } = await audit('gap')
    expect(status).toBe(1)
    expect(document.findings).toMatchObject([{ code: 'tile-missing', index: 256 }])
    expect(document.summary.entries).toBe(256)
  })

  test('got shorter: an older checkpoint tells', async () => {
    await make('shorter', '--members', '30', '--faults', 'shorter')
    expect(await audit('shorter', '--since', 'shorter/checkpoint.larger')).toMatchObject({
      status: 1,
      document: { findings: [{ code: 'log-shrunk' }] },
    })
  })

  test('shows two histories: the evidence holds for whoever knows the genesis', async () => {
    await make('two', '--members', '30', '--faults', 'fork')
    const { status, document } = await audit('two', '--compare', 'two-fork', '--evidence', 'fork.cbor')
    expect(status).toBe(1)
    expect(document).toMatchObject({ compared: { kind: 'split' }, findings: [{ code: 'split-view' }] })
    expect(await audit('two', '--verify-evidence', 'fork.cbor')).toMatchObject({
      status: 0,
      document: { holds: true, kind: 'fork' },
    })
    // Where it cannot be written, what was found is told all the same.
    const lost = await audit('two', '--compare', 'two-fork', '--evidence', 'nowhere/fork.cbor')
    expect(lost).toMatchObject({
      status: 1,
      document: { unwritten: { code: 'file-unwritable' }, findings: [{ code: 'split-view' }] },
    })
    await palabre(folder, 'generate-ledger', '--out', 'foreign', '--seed', 'y', '--members', '3')
    expect(await audit('foreign', '--verify-evidence', 'fork.cbor')).toMatchObject({
      status: 1,
      document: { holds: false, reason: 'foreign-community' },
    })
    truncateSync(join(folder, 'fork.cbor'), 20)
    expect(await audit('two', '--verify-evidence', 'fork.cbor')).toMatchObject({
      status: 2,
      document: { error: { code: 'evidence-malformed' } },
    })
  })

  test('shows two histories of different sizes: the proof comes from the tiles of the larger one', async () => {
    await make('old', '--members', '30', '--faults', 'fork')
    cpSync(join(folder, 'old-fork'), join(folder, 'young'), { recursive: true })
    // The other history, as it was shown at first.
    const half = readFileSync(join(folder, 'old/checkpoint.older'))
    writeFileSync(join(folder, 'half'), half)
    expect(await audit('young', '--compare', 'half')).toMatchObject({
      status: 0,
      document: { compared: { kind: 'consistent' } },
    })
    const smaller = join(folder, 'small')
    cpSync(join(folder, 'old'), smaller, { recursive: true })
    writeFileSync(join(smaller, 'checkpoint'), half)
    expect(await audit('small', '--compare', 'old')).toMatchObject({
      status: 0,
      document: { compared: { kind: 'consistent' } },
    })
    expect(await audit('small', '--compare', 'old/checkpoint')).toMatchObject({
      status: 2,
      document: { compared: { kind: 'unproven' } },
    })
  })
})

describe('what cannot be audited', { timeout: PATIENCE }, () => {
  const refused = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await palabre(folder, ...args)
    expect([status, stdout]).toEqual([2, ''])
    // One sentence, its code, and no stack.
    expect(stderr).toMatch(/^[^\n]+ \([a-z-]+\)\n$/)
    return /\(([a-z-]+)\)\n$/.exec(stderr)?.[1]
  }

  test('is told by one sentence with a stable code', async () => {
    writeFileSync(join(folder, 'text'), 'no ledger')
    expect(await refused('audit', 'nowhere')).toBe('source-missing')
    expect(await refused('audit', 'text')).toBe('file-malformed')
    expect(await refused('audit', '.')).toBe('source-missing')
    expect(await refused('audit', 'http://127.0.0.1:9/')).toBe('source-unreadable')
    expect(await refused('audit', 'http://')).toBe('usage')
    expect(await refused('audit', 'village', '--since', 'nowhere')).toBe('source-unreadable')
    expect(await refused('audit', 'village', '--since', 'text')).toBe('checkpoint-malformed')
    expect(await refused('audit', 'village', '--compare', 'text')).toBe('checkpoint-malformed')
    expect(await refused('audit', 'village', '--member', 'nobody')).toBe('member-unknown')
    expect(await refused('audit', 'village', '--member', '')).toBe('member-ambiguous')
    expect(await refused('audit', 'village', '--community', 'x')).toBe('usage')
    expect(await refused('audit', 'village', '--verify-evidence', 'nowhere')).toBe('source-unreadable')
    expect(await refused('audit', 'village', '--save', 'village/checkpoint/x')).toBe('file-unwritable')
    expect(await refused('audit')).toBe('usage')
    expect(await refused('audit', 'village', '--graph', 'gif')).toBe('usage')
    expect(await refused('nonsense')).toBe('usage')
  })

  test('is told too when the person ended it, at a relay that says nothing', async () => {
    const asked = Promise.withResolvers<void>()
    const server = createServer(() => asked.resolve())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const ending = new AbortController()
    const relay = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const running = palabreUntil(ending.signal, folder, 'audit', relay)
    await asked.promise
    ending.abort()
    expect(await running).toEqual({
      status: 2,
      stdout: '',
      stderr: 'It was ended before it was done. (interrupted)\n',
    })
  })

  test('says so as JSON where JSON is asked for', async () => {
    const { status, stdout, stderr } = await palabre(folder, 'audit', 'nowhere', '--json')
    expect([status, stderr]).toEqual([2, ''])
    expect(JSON.parse(stdout).error.code).toBe('source-missing')
  })

  test('FILE-3 is a file with fewer or more entries than its checkpoint says', async () => {
    await audit('village', '--save', 'whole.ledger')
    const whole = readFileSync(join(folder, 'whole.ledger'))
    writeFileSync(join(folder, 'cut.ledger'), whole.subarray(0, -1))
    writeFileSync(join(folder, 'more.ledger'), Buffer.concat([whole, Buffer.of(0)]))
    expect(await refused('audit', 'cut.ledger')).toBe('file-malformed')
    expect(await refused('audit', 'more.ledger')).toBe('file-malformed')
  })

  test('a generated ledger overwrites nothing, and refuses what it cannot make', async () => {
    writeFileSync(join(folder, 'a file'), '')
    expect(await refused('generate-ledger', '--members', '3', '--out', 'village')).toBe('folder-not-empty')
    expect(await refused('generate-ledger', '--members', '0', '--out', 'new')).toBe('usage')
    expect(await refused('generate-ledger', '--members', '3', '--out', 'new', '--faults', 'x')).toBe('usage')
    expect(await refused('generate-ledger', '--members', '3', '--out', 'a file')).toBe('file-unwritable')
    const small = ['--members', '3', '--out', 'small one', '--faults', 'used-invitation'] as const
    expect(await refused('generate-ledger', ...small)).toBe('community-too-small')
  })
})
