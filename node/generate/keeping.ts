import { ERASE, LEAVE } from '../../protocol/community/leave.ts'
import { DEVICE_ADD, DEVICE_REMOVE } from '../../protocol/identity/device.ts'
import { GUARDIANS } from '../../protocol/identity/guardians.ts'
import { RECOVER } from '../../protocol/identity/recover.ts'
import { ROOT_ROTATE } from '../../protocol/identity/root-rotate.ts'
import type { MemberId } from '../../protocol/ids.ts'
import type { Signer } from '../../protocol/signature.ts'
import { anybody, type Happening, type Person, type World } from './world.ts'
import { byRoot, deviceOf, publicKey, write } from './write.ts'

/** Nobody has more devices than a telephone, a tablet and two machines. */
const MOST_DEVICES = 4
const GUARDIANS_OF_ONE = 3
const GUARDIANS_NEEDED = 2

/** Somebody who came in lately, or anybody, lets in a further device. */
export const addDevice: Happening = async (world) => {
  const person = lately(world)
  if (person === undefined || person.devices.length >= MOST_DEVICES) return false
  const device = `device ${person.number} ${person.keys}`
  const signer = world.keys.signer(device)
  const { taken } = await byRoot(world, person, DEVICE_ADD, { device: signer.publicKey }, [signer])
  if (!taken) return false
  person.keys += 1
  person.devices.push(device)
  return true
}

export const removeDevice: Happening = async (world) => {
  const person = anybody(world)
  if (person === undefined || person.devices.length < 2) return false
  const [oldest] = person.devices as [string, ...string[]]
  const { taken } = await byRoot(world, person, DEVICE_REMOVE, { device: publicKey(world, oldest) })
  if (!taken) return false
  person.devices.shift()
  return true
}

export const nameGuardians: Happening = async (world) => {
  const person = anybody(world)
  if (person === undefined) return false
  const of = new Set<MemberId>()
  for (let i = 0; i < GUARDIANS_OF_ONE; i++) {
    const guardian = anybody(world)
    if (guardian !== undefined && guardian !== person) of.add(guardian.id)
  }
  if (of.size === 0) return false
  const k = Math.min(GUARDIANS_NEEDED, of.size)
  const { taken } = await byRoot(world, person, GUARDIANS, { k, of: inOrder(of) })
  return taken
}

export const rotateRoot: Happening = async (world) => {
  const person = anybody(world, ({ founder }) => !founder)
  if (person === undefined) return false
  const root = nextRoot(person)
  const signer = world.keys.signer(root)
  const { taken } = await byRoot(world, person, ROOT_ROTATE, { root: signer.publicKey }, [signer])
  if (!taken) return false
  person.root = root
  person.keys += 1
  return true
}

/** Guardians give somebody a new root; it has effect once its time has come, and the root that was forgotten acts no more. */
export const recover: Happening = async (world) => {
  const person = anybody(
    world,
    ({ guardians, recovery, founder }) => !founder && guardians !== undefined && recovery === undefined,
  )
  const guardians = person && world.chronicle.state.members.get(person.id)?.guardians
  if (person === undefined || guardians === undefined) return false
  const devices: Signer[] = []
  for (const id of guardians.of) {
    const guardian = world.byId.get(id)
    const device = guardian && deviceOf(world, guardian)
    if (device !== undefined && devices.length < guardians.k) devices.push(device)
  }
  const root = nextRoot(person)
  const signer = world.keys.signer(root)
  const payload = { m: person.id, root: signer.publicKey, at: world.now }
  const { taken } = await write(world, RECOVER, payload, [signer, ...devices])
  if (!taken) return false
  person.root = root
  person.keys += 1
  return true
}

export const leave: Happening = async (world) => {
  const person = anybody(world, ({ founder }) => !founder)
  if (person === undefined) return false
  return (await byRoot(world, person, LEAVE, {})).taken
}

/** Also somebody who is no member in good standing any more has a right to it. */
export const erase: Happening = async (world) => {
  const person = world.dice.pick(world.people)
  if (person === undefined) return false
  return (await byRoot(world, person, ERASE, {})).taken
}

/** Half of those who add a device have just come in. */
function lately(world: World): Person | undefined {
  const { people, dice } = world
  return dice.chance(0.5) ? people.at(-1 - dice.below(Math.min(people.length, 50))) : anybody(world)
}

function nextRoot(person: Person): string {
  return `root ${person.number} ${person.keys}`
}

/** In the order of sets (SPEC SCHEMA-4): that of their bytes, which their text does not have. */
export function inOrder<T extends string>(ids: Iterable<T>): readonly T[] {
  return [...ids].sort((a, b) => Buffer.compare(Buffer.from(a, 'base64url'), Buffer.from(b, 'base64url')))
}
