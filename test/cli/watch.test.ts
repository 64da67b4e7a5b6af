import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { folderSource } from '../../node/audit/folder-source.ts'
import { LedgerFollower } from '../../node/audit/follow.ts'
import { nodeSha256 } from '../../node/audit/sha.ts'
import { workerCrew } from '../../node/audit/worker-crew.ts'
import { platformVerifier } from '../../node/crypto/native.ts'
import { witnessName } from '../../protocol/log/cosignature.ts'
import { signerFromSeed } from '../../protocol/signature.ts'
import { palabre } from './run.ts'

/** Workers are started for each look at a log, on a machine that does other things too. Milliseconds. */
const PATIENCE = 60_000

let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'palabre-test-'))
  await palabre(folder, 'generate-ledger', '--out', 'village', '--members', '30', '--faults', 'fork')
}, PATIENCE)

afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A log of which only the older checkpoint is shown so far. */
function young(name: string): { grow(): void; shrink(): void } {
  const at = (file: string) => join(folder, name, file)
  cpSync(join(folder, 'village'), join(folder, name), { recursive: true })
  renameSync(at('checkpoint'), at('checkpoint.newer'))
  const show = (file: string) => writeFileSync(at('checkpoint'), readFileSync(at(file)))
  show('checkpoint.older')
  return { grow: () => show('checkpoint.newer'), shrink: () => show('checkpoint.older') }
}

async function follow(name: string): Promise<LedgerFollower> {
  const crew = workerCrew(1)
  onTestFinished(() => crew.close())
  const means = { crew, verifier: await platformVerifier(), sha256: nodeSha256 }
  return new LedgerFollower(folderSource(join(folder, name)), means)
}

const { signal } = new AbortController()

describe('a log that is followed', { timeout: PATIENCE }, () => {
  test('is read on from where it was', async () => {
    const log = young('growing')
    const follower = await follow('growing')
    const first = await follower.look(signal)
    expect(first).toMatchObject({ findings: [], grown: first.size })
    expect(await follower.look(signal)).toMatchObject({ findings: [], grown: 0, size: first.size })
    log.grow()
    const second = await follower.look(signal)
    expect(second.findings).toEqual([])
    expect(second.grown).toBe(second.size - first.size)
    expect(second.checkpoint?.size).toBe(second.size)
  })

  test('raises the alarm when it shows fewer entries than it had', async () => {
    const log = young('shrinking')
    log.grow()
    const follower = await follow('shrinking')
    await follower.look(signal)
    log.shrink()
    expect((await follower.look(signal)).findings).toMatchObject([{ code: 'log-shrunk' }])
  })

  test('raises the alarm, with evidence, when it shows another history of one size', async () => {
    const follower = await follow('village')
    await follower.look(signal)
    const honest = readFileSync(join(folder, 'village/checkpoint'))
    writeFileSync(join(folder, 'village/checkpoint'), readFileSync(join(folder, 'village-fork/checkpoint')))
    const look = await follower.look(signal)
    writeFileSync(join(folder, 'village/checkpoint'), honest)
    expect(look.findings).toMatchObject([{ code: 'split-view' }])
    expect(look.evidence?.kind).toBe('fork')
    // It has shown that it lies, and nothing that it says afterwards takes that back.
    expect((await follower.look(signal)).findings).toEqual(look.findings)
  })

  test('raises the alarm for a checkpoint that somebody else signed', async () => {
    const log = young('usurped')
    const follower = await follow('usurped')
    await follower.look(signal)
    log.grow()
    const text = readFileSync(join(folder, 'usurped/checkpoint'), 'utf8')
    writeFileSync(join(folder, 'usurped/checkpoint'), text.replace(/\n\n— \S+ .*\n/, '\n\n'))
    expect((await follower.look(signal)).findings).toMatchObject([{ code: 'checkpoint-unsigned' }])
  })
})

describe('palabre watch', { timeout: PATIENCE }, () => {
  test('looks once, and says so in one line of JSON', async () => {
    const { status, stdout } = await palabre(folder, 'watch', 'village', '--once', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ findings: [] })
  })

  test('cosigns what is good, as a witness', async () => {
    writeFileSync(join(folder, 'seed'), `${'07'.repeat(32)}\n`)
    const options = ['--once', '--witness-key', 'seed', '--cosigned', 'cosigned']
    const { status, stdout } = await palabre(folder, 'watch', 'village', ...options, '--json')
    expect(status).toBe(0)
    const name = witnessName(signerFromSeed(new Uint8Array(32).fill(7)).publicKey)
    const { cosignature } = JSON.parse(stdout)
    expect(cosignature).toContain(`— ${name} `)
    expect(readFileSync(join(folder, 'cosigned'), 'utf8')).toContain(`${cosignature}\n`)
  })

  test('raises the alarm with status 1, and cosigns nothing', async () => {
    const wrong = ['--out', 'wrong', '--members', '5', '--faults', 'wrong-state']
    await palabre(folder, 'generate-ledger', ...wrong)
    const { status, stdout } = await palabre(folder, 'watch', 'wrong', '--once', '--witness-key', 'seed')
    expect(status).toBe(1)
    expect(stdout).toMatch(/ALARM {2}state-wrong/)
    expect(stdout).not.toContain('—')
  })

  test('says by one sentence what it cannot do', async () => {
    writeFileSync(join(folder, 'words'), 'no seed')
    const code = async (...options: readonly string[]) => {
      const { status, stderr } = await palabre(folder, 'watch', 'village', '--once', ...options)
      return `${status} ${/\(([a-z-]+)\)\n$/.exec(stderr)?.[1]}`
    }
    expect(await code('--witness-key', 'words')).toBe('2 key-malformed')
    expect(await code('--witness-key', 'nowhere')).toBe('2 source-unreadable')
    expect(await code('--interval', 'soon')).toBe('2 usage')
    expect(await code('--cosigned', 'x')).toBe('2 usage')
  })
})
