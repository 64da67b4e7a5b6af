/** A relay whose disk is set back by what it had promised in its last second, over a real network: its members have it (KEEP-4). */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as path } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { askSite } from '../../node/site-address.ts'
import type { Peer } from '../../node/view.ts'
import { keyBytes } from '../../protocol/ids.ts'
import { found, join, newDevice, PATIENCE, until } from '../support/node-peer.ts'
import { readPlainLog } from '../support/plain-log.ts'
import { type RelayProcess, startRelayProcess } from '../support/relay-process.ts'

vi.setConfig({ testTimeout: 4 * PATIENCE, hookTimeout: PATIENCE })

/** What a machine that is set back loses of a relay. */
const DISK = ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.sqlite-shm', 'log']

function stopLater(peer: Peer): Peer {
  onTestFinished(() => peer.stop())
  return peer
}

/** The disk as it is now; the function puts it back, in place, so that nothing on it tells. */
function snapshot({ data }: RelayProcess): () => void {
  const copy = mkdtempSync(path(tmpdir(), 'palabre-snapshot-'))
  onTestFinished(() => rmSync(copy, { recursive: true, force: true }))
  cpSync(data, copy, { recursive: true })
  return () => {
    for (const name of DISK) rmSync(path(data, name), { recursive: true, force: true })
    for (const name of DISK)
      try {
        cpSync(path(copy, name), path(data, name), { recursive: true })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      }
  }
}

/** Its disk takes no tiles any more, so that it takes entries and signs no tree. */
function keepFromSigning({ data }: RelayProcess): void {
  rmSync(path(data, 'log'), { recursive: true })
  writeFileSync(path(data, 'log'), '')
}

test('KEEP-4: what a relay promised and had not signed when its disk was set back comes again from whoever heard of it', async () => {
  const relay = await startRelayProcess()
  onTestFinished(() => relay.close())
  const [hers, his] = [await newDevice(), await newDevice()]
  const alice = stopLater(await found(hers.open(relay.origin), relay.foundingLink as string, 'Alice'))
  const bob = stopLater(await join(his.open(relay.origin), (await alice.invite()).link, 'Bob'))
  /** Bob's copy, in its order. */
  const copied = async () =>
    (await his.storage.list('ledger/')).toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)

  await relay.stop()
  const setBack = snapshot(relay)
  await relay.restart()
  await until(alice.relay, (state) => state === 'connected')
  await until(bob.relay, (state) => state === 'connected')

  const before = await copied()
  keepFromSigning(relay)
  const { link } = await alice.invite()
  await vi.waitFor(async () => expect(await copied()).toHaveLength(before.length + 1), PATIENCE)
  const lost = await copied()
  await relay.kill()
  await alice.stop()
  setBack()
  await relay.restart()

  await until(bob.relay, (state) => state === 'connected')
  await bob.invite()
  const { logKey } = await askSite(new URL(relay.origin), AbortSignal.timeout(PATIENCE))
  const log = await vi.waitFor(async () => {
    const read = await readPlainLog(new URL('/log/', relay.origin), keyBytes(logKey))
    expect(read.size).toBe(lost.length + 1)
    return read
  }, PATIENCE)
  expect(log.entries.slice(0, -1).map((entry) => new Uint8Array(entry))).toEqual(lost)

  const again = stopLater((await hers.open(relay.origin).resume()) as Peer)
  await until(again.relay, (state) => state === 'connected')
  expect(again.alarms.value).toEqual([])
  expect(bob.alarms.value).toEqual([])
  const carol = stopLater(await join((await newDevice()).open(relay.origin), link, 'Carol'))
  expect(carol.me.sponsor).toBe(again.me.id)
})
