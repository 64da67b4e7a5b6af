import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { platformVerifier } from '../../node/crypto/native.ts'
import { NetworkError } from '../../node/network/network-error.ts'
import { askSite } from '../../node/site-address.ts'
import { LOG_ROTATE } from '../../protocol/community/council.ts'
import { decodeEntry, type LogPromise } from '../../protocol/community/entry.ts'
import type { Chain, Member } from '../../protocol/community/membership.ts'
import { beginLedger, replay } from '../../protocol/community/replay.ts'
import { type Envelope, peekId } from '../../protocol/envelope.ts'
import { type KeyText, keyBytes, parseId } from '../../protocol/ids.ts'
import { openCheckpoint, signCheckpoint } from '../../protocol/log/checkpoint.ts'
import { verifyCosignatures } from '../../protocol/log/cosignature.ts'
import { encodeAddCheckpoint } from '../../protocol/log/witness.ts'
import { createVerifier, signerFromSeed } from '../../protocol/signature.ts'
import { toLedgerTime } from '../../protocol/time.ts'
import { HELLO, LEDGER } from '../../protocol/wire/services.ts'
import { runRelay } from '../relay/command.ts'
import { councilAct } from '../support/acts.ts'
import { addDevice, bytesOf, type Founded, foundCommunity, presence } from '../support/community.ts'
import { connectMember, type LedgerClient } from '../support/ledger-client.ts'
import { type PlainLog, plainRoot, readPlainLog } from '../support/plain-log.ts'
import { rawClient, refused } from '../support/raw-client.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

vi.setConfig({ testTimeout: 240_000 })

/** Long enough for a loaded machine. */
const PATIENCE = { timeout: 60_000, interval: 100 }

const now = () => toLedgerTime(Math.floor(Date.now() / 1000))
const logOf = ({ origin }: RelayProcess) => new URL('/log/', origin)

async function relayOf(flags: readonly string[] = []): Promise<RelayProcess> {
  const relay = await startRelayProcess(flags)
  onTestFinished(() => relay.close())
  return relay
}

interface House {
  readonly founded: Founded
  readonly alice: LedgerClient
  readonly logKey: KeyText
}

/** Alice founds a community on a relay. */
async function foundOn(
  relay: RelayProcess,
  witnesses?: { k: number; keys: readonly KeyText[] },
): Promise<House> {
  const { logKey } = await askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE.timeout))
  const founded = await foundCommunity(logKey, now(), 'Alice', {}, witnesses)
  const { genesis, founder } = founded
  const alice = await connected(
    connectMember(relay.origin, founder, {
      token: relay.foundingLink?.split('/').at(-1) ?? '',
      genesis: genesis.bytes,
      identity: founder.identity.bytes,
      device: founder.deviceAdd.bytes,
      profile: founder.profile.bytes,
    }),
  )
  return { founded, alice, logKey }
}

async function connected(connecting: Promise<LedgerClient>): Promise<LedgerClient> {
  const client = await connecting
  onTestFinished(() => client.network.stop())
  await client.admitted()
  return client
}

let labels = 0
/** Alice adds devices, one after the other. */
async function submit(
  { alice }: Pick<House, 'alice'>,
  count: number,
): Promise<readonly Envelope<LogPromise>[]> {
  const promises: Envelope<LogPromise>[] = []
  for (let i = 0; i < count; i++) {
    const { rootChain } = alice.person
    const taken = await alice.submit((await addDevice(alice.person, `device ${labels++}`, now())).bytes)
    if (!taken.ok) {
      alice.person.rootChain = rootChain
      throw new Error(`refused: ${taken.reason}`)
    }
    promises.push(taken.value)
  }
  return promises
}

/** Where the next statement of Alice's root must continue. */
async function rootChainIn(entries: readonly Uint8Array[], { founded }: House): Promise<Chain> {
  const verifier = await platformVerifier()
  const begun = await beginLedger(verifier, entries[0] as Uint8Array)
  const replayed = begun.ok ? await replay(verifier, begun.value, entries.slice(1)) : begun
  if (!replayed.ok) throw new Error(replayed.reason)
  return (replayed.value.members.get(founded.founder.member) as Member).chain
}

/** The log as anybody finds it, once it has so many entries. */
function logOfSize(base: URL, key: KeyText, size: number): Promise<PlainLog> {
  return vi.waitFor(async () => {
    const log = await readPlainLog(base, keyBytes(key))
    expect(log.size).toBeGreaterThanOrEqual(size)
    return log
  }, PATIENCE)
}

function expectContinues(later: PlainLog, ...earlier: readonly PlainLog[]): void {
  for (const { size, root } of earlier) {
    expect(later.size).toBeGreaterThanOrEqual(size)
    expect(plainRoot(later.entries.slice(0, size))).toBe(root)
  }
}

/** Somebody's copy of a log's files, on a web server that knows nothing of logs. */
async function serveFiles(folder: string): Promise<string> {
  const server = createServer((request, response) => {
    try {
      response.end(readFileSync(path(folder, (request.url ?? '').replace(/^\/log\//, ''))))
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

function copyOf(folder: string): string {
  const copy = mkdtempSync(path(tmpdir(), 'palabre-copy-'))
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
  cpSync(folder, copy, { recursive: true })
  return copy
}

function putBack(relay: RelayProcess, copy: string): void {
  for (const name of readdirSync(relay.data)) rmSync(path(relay.data, name), { recursive: true })
  cpSync(copy, relay.data, { recursive: true })
}

test('a relay that is killed under load has signed one history, with everything in it that it promised', async () => {
  const relay = await relayOf()
  const house = await foundOn(relay)
  const promises: Envelope<LogPromise>[] = []
  const seen: PlainLog[] = [await logOfSize(logOf(relay), house.logKey, 3)]
  for (let round = 0; round < 4; round++) {
    const submitting = expect(
      (async () => {
        for (;;) promises.push(...(await submit(house, 1)))
      })(),
    ).rejects.toThrow(NetworkError)
    const before = promises.length
    await vi.waitFor(() => expect(promises.length).toBeGreaterThan(before + 4 * round), PATIENCE)
    if (round % 2 === 1) seen.push(await readPlainLog(logOf(relay), keyBytes(house.logKey)))
    await relay.kill()
    await submitting
    await relay.restart()
    await house.alice.admitted()
    // What had no answer may be in the ledger: she goes on from there.
    house.alice.person.rootChain = await rootChainIn(await house.alice.entries(), house)
    const log = await logOfSize(logOf(relay), house.logKey, promises.length + 3)
    expectContinues(log, ...seen)
    for (const { payload } of promises) {
      const entry = decodeEntry(new Uint8Array(log.entries[payload.index] as Buffer))
      expect(entry.ok && peekId(house.founded.community, entry.value.e)).toMatchObject({ value: payload.id })
    }
    seen.push(log)
  }
  expect(promises.length).toBeGreaterThan(12)
})

test('CHECK-4: a relay whose folder was set back takes and signs nothing until it has what it signed', async () => {
  const relay = await relayOf()
  const house = await foundOn(relay)
  await submit(house, 2)
  await logOfSize(logOf(relay), house.logKey, 5)
  await relay.stop()
  const old = copyOf(relay.data)
  await relay.restart()
  await house.alice.admitted()
  await submit(house, 3)
  const newest = await logOfSize(logOf(relay), house.logKey, 8)
  await relay.stop()
  const files = copyOf(path(relay.data, 'log'))
  const note = readFileSync(path(files, 'checkpoint'))

  putBack(relay, old)
  await relay.restart()
  const carol = await rawClient(await askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE.timeout)))
  onTestFinished(() => carol.vanish())
  const { bytes: p } = await presence(house.founded.founder, carol.session, Math.floor(Date.now() / 1000))
  const hello = await carol.ask(HELLO, { p, cp: note })
  expect(hello).toMatchObject({ size: 5 })
  const { bytes: put } = await addDevice({ ...house.founded.founder }, 'another', now())
  expect(refused(await carol.ask(LEDGER, { put }))).toBe('log-behind')
  // What it has it gives, and what it shows is what it showed then.
  expect((await readPlainLog(logOf(relay), keyBytes(house.logKey))).size).toBe(5)

  await carol.vanish()
  await relay.stop()
  await relay.restart(['--mirror', await serveFiles(files)])
  const caughtUp = await logOfSize(logOf(relay), house.logKey, 8)
  expect(caughtUp).toMatchObject({ size: 8, root: newest.root, extension: newest.extension })
  await house.alice.admitted()
  await vi.waitFor(() => submit(house, 1), PATIENCE)
  expectContinues(await logOfSize(logOf(relay), house.logKey, 9), newest)
})

test('a witness cosigns what continues, refuses a fork, and keeps a log that was set back from signing', async () => {
  const relay = await relayOf()
  const witness = await relayOf()
  const { witnessKey } = await (await fetch(`${witness.origin}/.well-known/palabre/relay.json`)).json()
  expect(parseId(witnessKey)).toBe(witnessKey)
  const house = await foundOn(relay, { k: 1, keys: [witnessKey] })
  await logOfSize(logOf(relay), house.logKey, 3)
  await witness.stop()
  await witness.restart(['--witness-of', relay.origin])
  await relay.stop()
  const flags = ['--witness', `${witnessKey}=${witness.origin}/witness/`]
  await relay.restart(flags)
  await house.alice.admitted()
  await vi.waitFor(() => submit(house, 2), PATIENCE)

  const verifier = createVerifier()
  const { community } = house.founded
  const final = await vi.waitFor(async () => {
    const bytes = new Uint8Array(await (await fetch(new URL('checkpoint', logOf(relay)))).arrayBuffer())
    const opened = await openCheckpoint(verifier, { community, keys: [house.logKey] }, bytes)
    if (!opened.ok) throw new Error(opened.reason)
    const by = await verifyCosignatures(verifier, [witnessKey], opened.value.note)
    expect(by.ok && by.value.map(({ key }) => key)).toEqual([witnessKey])
    expect(opened.value.size).toBe(5)
    return opened.value
  }, PATIENCE)

  // Whoever has the log's key can sign another tree. The witness does not.
  const log = signerFromSeed(readFileSync(path(relay.data, 'log.key')))
  for (const size of [final.size, final.size + 1]) {
    const head = { size, root: bytesOf('another tree'), state: bytesOf('another state') }
    const { note } = await signCheckpoint(log, community, head)
    const body = encodeAddCheckpoint({ old: final.size, proof: [], note }) as Uint8Array<ArrayBuffer>
    const answer = await fetch(`${witness.origin}/witness/add-checkpoint`, { method: 'POST', body })
    expect([answer.status, (await answer.json()).error]).toEqual([
      422,
      size === final.size ? 'log-forked' : 'proof-wrong',
    ])
  }

  await relay.stop()
  const old = copyOf(relay.data)
  await relay.restart()
  await house.alice.admitted()
  await vi.waitFor(() => submit(house, 1), PATIENCE)
  await vi.waitFor(async () => {
    const log = await readPlainLog(logOf(relay), keyBytes(house.logKey))
    expect([log.size, log.signers.length]).toEqual([6, 2])
  }, PATIENCE)
  await relay.stop()
  putBack(relay, old)
  await relay.restart()
  await house.alice.admitted()
  const again = await house.alice.submit((await addDevice({ ...house.alice.person }, 'again', now())).bytes)
  expect(again).toMatchObject({ ok: false, reason: 'log-behind' })
})

test('ROTATE-1: another relay of the community follows the log, and keeps it once the council says so', async () => {
  const first = await relayOf()
  const house = await foundOn(first)
  const { community, founder } = house.founded
  const second = await relayOf(['--mirror', first.origin])
  await logOfSize(logOf(second), house.logKey, 3)
  await second.stop()
  const made = await runRelay(['--next-log-key', '--data', second.data]).ended
  const next = made.stdout.trim() as KeyText
  expect(parseId(next)).toBe(next)
  await second.restart()

  const rotate = await councilAct(community, LOG_ROTATE, { log: next }, now(), [founder.root])
  expect(await house.alice.submit(rotate.bytes)).toMatchObject({ ok: true, value: { payload: { index: 3 } } })
  const { bytes: late } = await addDevice({ ...founder }, 'late', now())
  expect(await house.alice.submit(late)).toMatchObject({ ok: false, reason: 'not-log' })
  const handed = await logOfSize(logOf(second), house.logKey, 4)

  await house.alice.network.stop()
  const alice = await connected(connectMember(second.origin, founder))
  const [promise] = await vi.waitFor(() => submit({ alice }, 1), PATIENCE)
  expect(promise?.signatures.map(({ key }) => key)).toEqual([next])
  const log = await logOfSize(logOf(second), next, 5)
  expectContinues(log, handed)

  // The old one comes back as a mirror of the new one.
  await first.stop()
  await first.restart(['--mirror', second.origin])
  expect((await logOfSize(logOf(first), next, 5)).root).toBe(log.root)
})
