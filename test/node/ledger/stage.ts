import { platformVerifier } from '../../../node/crypto/native.ts'
import { type Ledger, openLedger, storedLedger } from '../../../node/ledger/ledger.ts'
import type { Storage } from '../../../node/ports/storage.ts'
import { type TurnedClock, turnedClock } from '../../../node/ports/turned-clock.ts'
import { memoryStorage } from '../../../node/storage/memory-storage.ts'
import { verifyEvidence } from '../../../protocol/log/evidence.ts'
import type { LedgerAnswer } from '../../../protocol/wire/services.ts'
import { addDevice, foundCommunity, NOON, type Person, signerOf } from '../../support/community.ts'
import { MemoryHub, type MemoryNetwork } from '../../support/memory-network.ts'
import { PATIENCE } from '../../support/patience.ts'
import { StagedHistory, serveHistory, type Told } from '../../support/staged-log.ts'

export const verifier = await platformVerifier()
export const LOG = signerOf('the log')
export const patience = () => AbortSignal.timeout(PATIENCE)

/** A relay that tells what `stage.told` says, and devices that hold a copy of what they were told. */
export interface Stage {
  readonly hub: MemoryHub
  readonly relay: MemoryNetwork
  readonly clock: TurnedClock
  readonly alice: Person
  /** Genesis, identity, device. */
  readonly founded: StagedHistory
  told: Told | ((device: MemoryNetwork) => Told)
  take: ((statement: Uint8Array, promise?: Uint8Array) => Promise<LedgerAnswer>) | undefined
}

export interface CopyHolder {
  readonly network: MemoryNetwork
  readonly storage: Storage
  readonly ledger: Ledger
  pull(): ReturnType<Ledger['pull']>
  /** The same device after a restart. */
  again(): Promise<CopyHolder>
}

export async function createStage(): Promise<Stage> {
  const hub = new MemoryHub()
  const relay = hub.add(signerOf('relay').publicKey)
  const { community, entries, founder } = await foundCommunity(LOG.publicKey)
  const founded = new StagedHistory(verifier, LOG, community, entries)
  const clock = turnedClock((NOON + 60) * 1000)
  const stage: Stage = {
    hub,
    relay,
    clock,
    alice: founder,
    founded,
    told: { history: founded },
    take: undefined,
  }
  await serveHistory(
    relay,
    (from) => {
      const { told } = stage
      return typeof told === 'function' ? told(hub.peers.get(from) as MemoryNetwork) : told
    },
    (statement, promise) =>
      stage.take ? stage.take(statement, promise) : Promise.resolve({ error: 'not-log' }),
  )
  return stage
}

/** A device that begins with what it is told now. */
export async function holder(stage: Stage, name: string): Promise<CopyHolder> {
  const network = stage.hub.add(signerOf(`${name} session`).publicKey)
  const storage = memoryStorage()
  const { clock, relay, founded } = stage
  const means = { network, verifier, storage, clock }
  stage.hub.link(network.peer, relay.peer)
  const opened = await openLedger(founded.community, relay.peer, means, patience())
  if (!opened.ok) throw new Error(opened.reason)
  const holderOf = (ledger: Ledger): CopyHolder => ({
    network,
    storage,
    ledger,
    pull: () => ledger.pull(relay.peer, patience()),
    async again() {
      const stored = await storedLedger(founded.community, means)
      if (!stored) throw new Error('nothing was stored')
      return holderOf(stored)
    },
  })
  return holderOf(opened.value)
}

/** Two histories that are the same to a point, from where Alice has other devices in each. */
export async function twoHistories({ founded, alice }: Stage, length: number) {
  const write = async (label: string) => {
    const person = { ...alice }
    const devices = []
    for (let i = 0; i < length; i++) devices.push(await addDevice(person, `${label} ${i}`, NOON))
    return founded.and(NOON, ...devices)
  }
  return { honest: await write('honest'), other: await write('other') }
}

/** The kinds of what was noticed; evidence has to convict the log before anybody who knows the genesis. */
export async function noticed({ ledger }: CopyHolder): Promise<readonly string[]> {
  const { community, logs } = ledger.membership.value
  for (const alarm of ledger.alarms.value) {
    if (!('evidence' in alarm)) continue
    const convicted = await verifyEvidence(verifier, { community, keys: logs }, alarm.evidence)
    if (!convicted.ok)
      throw new Error(`the evidence does not hold: ${convicted.reason} ${convicted.at ?? ''}`)
  }
  return ledger.alarms.value.map(({ kind }) => kind)
}
