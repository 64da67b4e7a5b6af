import { INVITE } from '../../protocol/community/invite.ts'
import { INVITE_VOID } from '../../protocol/community/invite-void.ts'
import { JOIN } from '../../protocol/community/join.ts'
import { REPUDIATE } from '../../protocol/community/repudiate.ts'
import { VOUCH } from '../../protocol/community/vouch.ts'
import { seal } from '../../protocol/envelope.ts'
import { DEVICE_ADD } from '../../protocol/identity/device.ts'
import { IDENTITY, memberOf as memberIdOf } from '../../protocol/identity/identity.ts'
import type { MemberId, StatementId } from '../../protocol/ids.ts'
import { DAY } from '../../protocol/limits.ts'
import {
  anybody,
  type FreeSlot,
  freshName,
  type Happening,
  memberOf,
  type Pending,
  type Person,
  type World,
} from './world.ts'
import { byDevice, publicKey, write } from './write.ts'

/** One invitation in so many has an end, and one in so many is for a known person. */
const WITH_END = 0.3
/** Whom somebody invited lately answers sooner than who has waited for long. */
const LATELY = 64

/** Somebody spends a slot. */
export const invite: Happening = async (world) => {
  const slot = takeFree(world)
  if (slot === undefined) return false
  const key = freshName(world, 'invitation')
  const end = world.dice.chance(WITH_END) ? { exp: world.now + (1 + world.dice.below(20)) * DAY } : {}
  const written = await byDevice(world, slot.sponsor, INVITE, {
    slot: slot.slot,
    key: publicKey(world, key),
    ...end,
  })
  if (!written?.taken) return false
  world.pending.push({ id: written.id, sponsor: slot.sponsor, slot: slot.slot, key })
  return true
}

/** Somebody comes in. */
export const join: Happening = async (world) => {
  const pending = takePending(world)
  if (pending === undefined) return false
  const { keys, community, now } = world
  const number = world.people.length
  const root = `root ${number}`
  const device = `device ${number}`
  const rootSigner = keys.signer(root)
  const deviceSigner = keys.signer(device)
  const identity = await seal(
    IDENTITY,
    community,
    { root: rootSigner.publicKey, profile: keys.seed(`profile ${number}`), n: 0, at: now },
    [rootSigner],
  )
  const m = memberIdOf(identity)
  const added = await seal(
    DEVICE_ADD,
    community,
    { m, device: deviceSigner.publicKey, n: 1, prev: identity.id as StatementId, at: now },
    [rootSigner, deviceSigner],
  )
  const { taken } = await write(
    world,
    JOIN,
    {
      invite: pending.id,
      identity: identity.bytes,
      device: added.bytes,
      n: 0,
      prev: added.id as StatementId,
      at: now,
    },
    [deviceSigner, keys.signer(pending.key)],
  )
  if (!taken) {
    // It has expired unused, so its slot is free again.
    world.free.push({ sponsor: pending.sponsor, slot: pending.slot })
    return false
  }
  welcome(world, m, root, device)
  return true
}

/** Notes somebody who came in. */
export function welcome(world: World, id: MemberId, root: string, device: string): Person {
  const person: Person = {
    number: world.people.length,
    id,
    root,
    devices: [device],
    keys: 1,
    released: false,
  }
  world.people.push(person)
  world.byId.set(id, person)
  const { since, founder } = memberOf(world, person)
  const { policy, at } = world.chronicle.state.genesis.payload
  const { sponsor } = memberOf(world, person)
  const ofFounder = sponsor !== undefined && world.chronicle.state.members.get(sponsor)?.founder === true
  const early = ofFounder && since <= at + policy['opening-days'] * DAY
  if (founder || policy.mode === 'open' || early) release(world, person)
  else world.waiting.push({ person, until: since + policy['wait-days'] * DAY })
  return person
}

/** First slots become usable (SPEC SLOT-2, SLOT-3). */
export function release(world: World, person: Person): void {
  if (person.released) return
  person.released = true
  const { slots } = memberOf(world, person)
  for (let slot = 0; slot < slots; slot++) world.free.push({ sponsor: person, slot })
}

/** Everybody whose time to wait is over. In a strict community they need to have been attested too, before or later. */
export function releaseMature(world: World): void {
  const { mode } = world.chronicle.state.genesis.payload.policy
  for (;;) {
    const next = world.waiting[world.waited]
    if (next === undefined || next.until > world.now) return
    world.waited += 1
    const { person } = next
    if (mode !== 'strict' || memberOf(world, person).attested !== undefined) release(world, person)
  }
}

/** A sponsor thinks better of it. */
export const withdraw: Happening = async (world) => {
  const pending = takePending(world)
  if (pending === undefined) return false
  const written = await byDevice(world, pending.sponsor, INVITE_VOID, { invite: pending.id })
  if (!written?.taken) return false
  world.free.push({ sponsor: pending.sponsor, slot: pending.slot })
  return true
}

/** A sponsor undoes the join of somebody whom they did not mean. */
export const repudiate: Happening = async (world) => {
  const guest = world.people.at(-1 - world.dice.below(20))
  const { sponsor, invitation } = guest === undefined ? {} : memberOf(world, guest)
  const host = sponsor === undefined ? undefined : world.byId.get(sponsor)
  if (host === undefined || invitation === undefined) return false
  const written = await byDevice(world, host, REPUDIATE, { invite: invitation })
  if (!written?.taken) return false
  const slot = world.chronicle.state.invitations.get(invitation)?.slot
  if (slot !== undefined) world.free.push({ sponsor: host, slot })
  return true
}

/** Somebody becomes a further sponsor. */
export const vouch: Happening = async (world) => {
  const [voucher, of] = [anybody(world), anybody(world)]
  if (voucher === undefined || of === undefined) return false
  const written = await byDevice(world, voucher, VOUCH, { for: of.id })
  return written?.taken === true
}

function takeFree(world: World): FreeSlot | undefined {
  return takeAt(world.free, world.dice.below(world.free.length))
}

function takePending(world: World): Pending | undefined {
  const { length } = world.pending
  return takeAt(world.pending, length - 1 - world.dice.below(Math.min(length, LATELY)))
}

/** Takes one out, and lets the last one have its place: the order means nothing. */
function takeAt<T>(items: T[], at: number): T | undefined {
  const taken = items[at]
  const last = items.pop()
  if (at < items.length) items[at] = last as T
  return taken
}
