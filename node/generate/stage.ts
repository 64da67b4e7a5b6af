import { ATTEST, CLAIM } from '../../protocol/community/attest.ts'
import { CERTIFY } from '../../protocol/community/certify.ts'
import { REPORT } from '../../protocol/community/report.ts'
import { commitTitle, ROOM_END, ROOM_OPEN } from '../../protocol/community/stage-room.ts'
import { idOf, type RoomId, type StatementId } from '../../protocol/ids.ts'
import { DAY, MINUTE } from '../../protocol/limits.ts'
import { release } from './growth.ts'
import { inOrder } from './keeping.ts'
import {
  anybody,
  freshName,
  type Happening,
  memberOf,
  type OpenRoom,
  type Person,
  type World,
} from './world.ts'
import { byDevice } from './write.ts'

/** So many are on a stage, at most. */
const ON_STAGE = 6
/** So many stages are open at a time, for a thousand members. */
const STAGES_PER_THOUSAND = 5
const MOST_MINUTES = 90
/** Attests that somebody turns in at once, at most: the largest claim. */
const MOST_REFS = 32

export const openRoom: Happening = async (world) => {
  if (world.rooms.length > 3 + (world.people.length * STAGES_PER_THOUSAND) / 1000) return false
  const host = anybody(world)
  if (host === undefined) return false
  const people: Person[] = [host]
  for (let i = 1; i < ON_STAGE; i++) {
    const guest = anybody(world)
    if (guest !== undefined && !people.includes(guest)) people.push(guest)
  }
  const name = freshName(world, 'room')
  const room = idOf<RoomId>(world.keys.seed(name))
  const written = await byDevice(world, host, ROOM_OPEN, { room, title: commitTitle(room, name) })
  if (!written?.taken) return false
  world.rooms.push({ id: room, host, people, at: world.now })
  return true
}

/** Somebody says who was on the stage with them. */
export const attest: Happening = async (world) => {
  const room = world.dice.pick(world.rooms)
  const minutes = room === undefined ? 0 : Math.min(MOST_MINUTES, Math.floor((world.now - room.at) / MINUTE))
  if (room === undefined || minutes < 1) return false
  const witness = world.dice.pick(room.people) as Person
  const seen = world.dice.pick(room.people) as Person
  if (witness === seen) return false
  const written = await byDevice(world, witness, ATTEST, {
    for: seen.id,
    room: room.id,
    minutes,
    as: seen === room.host ? 'hosted' : 'spoke',
  })
  if (!written?.taken) return false
  noteAttest(world, seen, room, written.id)
  return true
}

export const endRoom: Happening = async (world) => {
  const [room] = world.rooms
  if (room === undefined) return false
  // Who was banned or has left ends nothing: the others go, and the stage stays open in the ledger.
  const written = await byDevice(world, room.host, ROOM_END, { room: room.id })
  world.rooms.shift()
  return written?.taken === true
}

/** Somebody turns attests into further slots. If they are not enough yet, the next attest is an occasion to try again. */
export const claim: Happening = async (world) => {
  const [person] = world.claimers
  const received = person && world.received.get(person.id)
  if (person === undefined || received === undefined) return false
  world.claimers.delete(person)
  const before = memberOf(world, person).slots
  const written = await byDevice(world, person, CLAIM, { refs: inOrder(received.refs.slice(0, MOST_REFS)) })
  if (!written?.taken) return false
  world.received.delete(person.id)
  if (person.released) {
    for (let slot = before; slot < memberOf(world, person).slots; slot++) {
      world.free.push({ sponsor: person, slot })
    }
  }
  return true
}

export const certify: Happening = async (world) => {
  const steward = world.byId.get(world.dice.pick(world.chronicle.state.stewards) ?? ('' as never))
  const creator = anybody(world)
  if (steward === undefined || creator === undefined) return false
  const on = !memberOf(world, creator).certified
  const written = await byDevice(world, steward, CERTIFY, { for: creator.id, on })
  return written?.taken === true
}

export const report: Happening = async (world) => {
  const person = anybody(world)
  if (person === undefined) return false
  const sealed = world.keys.seed(freshName(world, 'report'))
  const written = await byDevice(world, person, REPORT, { sealed })
  return written?.taken === true
}

/** An attest from outside the branch makes somebody mature, sooner or later (SPEC SLOT-2, SLOT-3). */
function noteAttest(world: World, seen: Person, room: OpenRoom, id: StatementId): void {
  const received = world.received.get(seen.id) ?? { refs: [], rooms: new Set() }
  received.refs.push(id)
  received.rooms.add(room.id)
  world.received.set(seen.id, received)
  const { attested, since } = memberOf(world, seen)
  const { policy } = world.chronicle.state.genesis.payload
  if (received.refs.length >= policy['claim-attesters'] && received.rooms.size >= policy['claim-rooms'])
    world.claimers.add(seen)
  const waited = world.now >= since + policy['wait-days'] * DAY
  if (attested !== undefined && (policy.mode !== 'strict' || waited)) release(world, seen)
}
