import type { Device } from '../../protocol/community/membership.ts'
import { type Envelope, type PayloadType, seal } from '../../protocol/envelope.ts'
import type { KeyText, StatementId } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'
import { memberOf, type Person, type World } from './world.ts'

/** What each kind of act adds to what it says (SPEC §6.7). */
type OfMember = 'm' | 'n' | 'prev' | 'at'
type OfCouncil = 'v' | 'at'

interface Timed {
  readonly at: number
}

/** A statement, signed, and what the ledger said to it. */
export interface Written<T> {
  readonly envelope: Envelope<T>
  readonly id: StatementId
  readonly taken: boolean
}

/** Signs as a device of the person; `undefined` when they have none that may. */
export async function byDevice<T extends Timed>(
  world: World,
  person: Person,
  kind: PayloadType<T>,
  says: Omit<T, OfMember | 'v'>,
): Promise<Written<T> | undefined> {
  const signer = deviceOf(world, person)
  if (signer === undefined) return undefined
  const { chain } = world.chronicle.state.devices.get(signer.publicKey) as Device
  const payload = { ...says, m: person.id, n: chain.next, prev: chain.last, at: world.now } as unknown as T
  return write(world, kind, payload, [signer])
}

/** Signs with the root of the person. @param others who sign beside it */
export function byRoot<T extends Timed>(
  world: World,
  person: Person,
  kind: PayloadType<T>,
  says: Omit<T, OfMember | 'v'>,
  others: readonly Signer[] = [],
): Promise<Written<T>> {
  const { chain } = memberOf(world, person)
  const payload = { ...says, m: person.id, n: chain.next, prev: chain.last, at: world.now } as unknown as T
  return write(world, kind, payload, [world.keys.signer(person.root), ...others])
}

/** Signs with as many keys of the council as it takes. */
export function byCouncil<T extends Timed>(
  world: World,
  kind: PayloadType<T>,
  says: Omit<T, OfCouncil>,
): Promise<Written<T>> {
  const { v, k, keys } = world.chronicle.state.council
  const signers = keys.slice(0, k).map((key) => world.keys.signer(world.founders.get(key) as string))
  return write(world, kind, { ...says, v, at: world.now } as unknown as T, signers)
}

export async function write<T>(
  world: World,
  kind: PayloadType<T>,
  payload: T,
  signers: readonly Signer[],
): Promise<Written<T>> {
  const envelope = await seal(kind, world.community, payload, signers)
  const taken = world.chronicle.propose(envelope.bytes, world.now) === undefined
  return { envelope, id: envelope.id as StatementId, taken }
}

/** One of the person's devices that may sign. */
export function deviceOf(world: World, person: Person): Signer | undefined {
  const { devices } = world.chronicle.state
  const usable = (name: string): Signer | undefined => {
    const signer = world.keys.signer(name)
    const device = devices.get(signer.publicKey)
    return device === undefined || device.removed || device.frozen ? undefined : signer
  }
  const chosen = world.dice.pick(person.devices)
  const lucky = chosen === undefined ? undefined : usable(chosen)
  if (lucky !== undefined) return lucky
  for (const name of person.devices) {
    const signer = usable(name)
    if (signer !== undefined) return signer
  }
  return undefined
}

/** The public half of a key by its name. */
export function publicKey(world: World, name: string): KeyText {
  return world.keys.signer(name).publicKey
}
