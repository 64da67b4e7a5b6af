import { join } from 'node:path'
import { platformVerifier } from '../../../node/crypto/native.ts'
import { type TurnedClock, turnedClock } from '../../../node/ports/turned-clock.ts'
import { decodeEntry, type LogPromise } from '../../../protocol/community/entry.ts'
import type { Genesis } from '../../../protocol/community/genesis.ts'
import { type Envelope, peekId } from '../../../protocol/envelope.ts'
import type { StatementId } from '../../../protocol/ids.ts'
import type { Verifier } from '../../../protocol/signature.ts'
import { foundingToken } from '../../../relay/founding.ts'
import { LogKeeper, type Taken } from '../../../relay/log-keeper.ts'
import { type LogKeys, logKeys } from '../../../relay/log-keys.ts'
import { Store } from '../../../relay/store.ts'
import { type Disk, systemDisk } from '../../../relay/tree/disk.ts'
import { HighWater } from '../../../relay/tree/high-water.ts'
import { Publisher } from '../../../relay/tree/publisher.ts'
import { TreeFiles } from '../../../relay/tree/tree-files.ts'
import { addDevice, bytesOf, type Founded, foundCommunity, NOON } from '../../support/community.ts'

/** A log without a relay around it, on a folder of its own; and one that stops at a write of the test's choice. */

export const verifier = remembering(await platformVerifier())

/** The same verdicts. A log that is opened again and again has its signatures verified once. */
function remembering(real: Verifier): Verifier {
  const verdicts = new Map<string, ReturnType<Verifier['verify']>>()
  return {
    verify(signature, message, publicKey) {
      const name = Buffer.concat([signature, message, Buffer.from(publicKey)]).toString('base64')
      const verdict = verdicts.get(name) ?? real.verify(signature, message, publicKey)
      verdicts.set(name, verdict)
      return verdict
    },
  }
}

/** Where a log stops: at the write with this number, in the middle of it or after it. */
export interface Crash {
  readonly at: number
  readonly when: 'half' | 'after'
}

/** What the machine does when it stops. */
export class Crashed extends Error {
  override readonly name = 'Crashed'
}

export interface LogRig {
  readonly keeper: LogKeeper
  readonly publisher: Publisher
  readonly store: Store
  readonly files: TreeFiles
  readonly keys: LogKeys
  readonly clock: TurnedClock
  /** Text of every note that was signed; who signs may have shown it to somebody. */
  readonly signed: readonly string[]
  /** What was written, step by step. */
  readonly steps: readonly string[]
  /** As the end of a process does it: nothing more is written. */
  close(): void
}

export interface LogRigOptions {
  readonly crash?: Crash
  readonly keys?: LogKeys
  readonly clock?: TurnedClock
}

/** Opens a log on a data folder. Nothing is signed before `publisher.resume` and `begin`. */
export async function openLog(folder: string, options: LogRigOptions = {}): Promise<LogRig> {
  const { crash, clock = turnedClock(NOON * 1000) } = options
  const real = new Store(join(folder, 'ledger.sqlite'))
  const steps: string[] = []
  let dead = false
  /** One step that changes the disk; `half` is what a stop in its middle leaves. */
  function step<T>(name: string, work: () => T, half: () => T | undefined = () => undefined): T {
    if (dead) throw new Crashed()
    const isLast = crash?.at === steps.length
    steps.push(name)
    if (!isLast) return work()
    dead = true
    const done = crash?.when === 'after' ? work() : half()
    if (done instanceof Promise)
      return done.then(() => {
        throw new Crashed()
      }) as T
    throw new Crashed()
  }
  const store = crashing(real, step)
  const disk: Disk = {
    ...systemDisk,
    write: (file, bytes) =>
      step(
        'write',
        () => systemDisk.write(file, bytes),
        () => systemDisk.write(file, bytes.subarray(0, bytes.length / 2)),
      ),
    rename: (from, to) => step('rename', () => systemDisk.rename(from, to)),
    sync: (path) => step('sync', () => systemDisk.sync(path)),
    makeFolder: (path) => step('makeFolder', () => systemDisk.makeFolder(path)),
    remove: (path) => step('remove', () => systemDisk.remove(path)),
  }
  const signed: string[] = []
  const keys = watched(options.keys ?? logKeys(bytesOf('log')), signed)
  const files = new TreeFiles(join(folder, 'log'), disk)
  const highWater = new HighWater(folder, disk)
  const keeper = await LogKeeper.open({ store, verifier, keys, clock })
  const report = (error: unknown) => {
    if (!(error instanceof Crashed)) throw error
  }
  const publisher = new Publisher({ keeper, store, files, highWater, keys, verifier, clock, report })
  return {
    keeper,
    publisher,
    store,
    files,
    keys,
    clock,
    signed,
    steps,
    close: () => real.close(),
  }
}

const WRITES = ['append', 'appendAll', 'putHead', 'putProfile', 'putMeta'] as const

function crashing(store: Store, step: <T>(name: string, work: () => T) => T): Store {
  return new Proxy(store, {
    get(target, name) {
      const value = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      const bound = value.bind(target)
      // A transaction of several is one step: its parts are the database's affair.
      if (name === 'transaction' || WRITES.some((write) => write === name))
        return (...all: unknown[]) => step(String(name), () => bound(...all))
      return bound
    },
  })
}

/** The same keys; every note that they sign is written down. */
function watched(keys: LogKeys, signed: string[]): LogKeys {
  return {
    ...keys,
    signerOf(key) {
      const signer = keys.signerOf(key)
      return (
        signer && {
          publicKey: signer.publicKey,
          sign: (message) => {
            const text = new TextDecoder().decode(message)
            if (text.includes('\nstate ')) signed.push(text)
            return signer.sign(message)
          },
        }
      )
    },
  }
}

/** Alice founds the community of a log. */
export async function found(
  { keeper, store, keys }: LogRig,
  witnesses?: Genesis['witnesses'],
): Promise<Founded> {
  const founded = await foundCommunity(keys.first, NOON, 'Alice', {}, witnesses)
  const { genesis, founder } = founded
  const token = foundingToken(store, { bytes: (length) => bytesOf('token').slice(0, length) })
  const request = {
    token,
    genesis: genesis.bytes,
    identity: founder.identity.bytes,
    device: founder.deviceAdd.bytes,
    profile: founder.profile.bytes,
  }
  promised(await keeper.found(request))
  return founded
}

/** So many statements of Alice, in the order in which a log can take them. */
export async function devicesOf(
  { founder }: Founded,
  count: number,
  label = 'device',
): Promise<Uint8Array[]> {
  const statements: Uint8Array[] = []
  for (let i = 0; i < count; i++) statements.push((await addDevice(founder, `${label} ${i}`, NOON)).bytes)
  return statements
}

export function promised(taken: Taken): Envelope<LogPromise> {
  if (!taken.ok) throw new Error(`refused: ${taken.reason}`)
  return taken.value
}

/** The id of the statement in each entry of a log. */
export function statementsIn({ store, keeper }: LogRig): readonly (StatementId | undefined)[] {
  return store.entries(0, 100_000).map((bytes) => {
    const entry = decodeEntry(bytes)
    const community = keeper.membership?.community
    const id = entry.ok && community ? peekId(community, entry.value.e) : undefined
    return id?.ok ? (id.value as StatementId) : undefined
  })
}
