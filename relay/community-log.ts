import { join } from 'node:path'
import type { Logger } from 'pino'
import { httpSource } from '../node/audit/http-source.ts'
import type { Verifiers } from '../node/crypto/verifiers.ts'
import type { Clock } from '../node/ports/clock.ts'
import { Caution } from './caution.ts'
import type { Config } from './config/config.ts'
import type { DataFolder } from './data-folder.ts'
import { isCopy, MARK_FILE, mark } from './folder-mark.ts'
import { short } from './log.ts'
import { LogKeeper } from './log-keeper.ts'
import { type LogKeys, loadLogKeys } from './log-keys.ts'
import type { Store } from './store.ts'
import { HighWater } from './tree/high-water.ts'
import { Publisher } from './tree/publisher.ts'
import { TreeFiles } from './tree/tree-files.ts'
import { Cosigners } from './witness/cosigners.ts'
import { WitnessClient } from './witness/witness-client.ts'

/** Static files, below the data folder. */
const FILES = 'log'

export interface CommunityLogParts extends Verifiers {
  readonly folder: DataFolder
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
}

/** The log of the relay's community, from the statement that is submitted to the files that anybody may fetch. */
export interface CommunityLog {
  readonly keys: LogKeys
  readonly keeper: LogKeeper
  readonly publisher: Publisher
  readonly files: TreeFiles
  readonly caution: Caution
  /** Answers those who wait, signs what was taken, and ends. */
  close(): Promise<void>
}

/** @throws StartError when what is in the folder is not a ledger that this relay may go on with */
export async function openCommunityLog(
  { mirrors, witnesses }: Pick<Config, 'mirrors' | 'witnesses'>,
  { folder, store, verifier, batchVerifier, clock, log }: CommunityLogParts,
): Promise<CommunityLog> {
  const keys = await loadLogKeys(folder)
  const follows = mirrors.length > 0
  const keeper = await LogKeeper.open({ store, verifier, batchVerifier, keys, clock, follows })
  const path = join(folder.path, FILES)
  const files = new TreeFiles(path)
  const highWater = new HighWater(folder.path)
  const report = (error: unknown) => log.error({ err: error }, 'the log could not be signed')
  const publisher = new Publisher({ keeper, store, files, highWater, keys, verifier, clock, report })
  await publisher.resume()

  const clients = witnesses.map((address) => new WitnessClient(address, verifier))
  const markFile = folder.file(MARK_FILE)
  const caution = new Caution({
    keeper,
    publisher,
    verifier,
    clock,
    log,
    files: path,
    mirrors: mirrors.map((origin) => httpSource(new URL('/log/', origin))),
    witnesses: clients,
    copied: isCopy(store, markFile),
    settled: () => mark(store, markFile),
  })
  const cosigners = new Cosigners({
    clients,
    keeper,
    publisher,
    ahead: (_witness, size) => caution.ahead(size),
    failed: (witness, why) => log.warn({ witness: short(witness), why }, 'a witness did not cosign'),
  })
  await caution.begin()
  return {
    keys,
    keeper,
    publisher,
    files,
    caution,
    async close() {
      await caution.stop()
      await keeper.close()
      await publisher.close()
      await cosigners.stop()
    },
  }
}
