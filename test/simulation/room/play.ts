import type { MemberId, OperationId } from '../../../protocol/ids.ts'
import { MAX_CLOCK_SKEW } from '../../../protocol/limits.ts'
import { countOfActs } from '../../../protocol/room/bundle.ts'
import {
  EMPTY_HISTORY,
  type History,
  indexOf,
  operationAt,
  operationsFrom,
} from '../../../protocol/room/history.ts'
import type { Room } from '../../../protocol/room/opening.ts'
import type { SignedOperation } from '../../../protocol/room/operation.ts'
import { resolve } from '../../../protocol/room/resolve.ts'
import type { RoomState } from '../../../protocol/room/state.ts'
import { type Dice, dice } from '../../independent/dice.ts'
import { carelessAct, honestAct, hostileAct, type Made } from './acts.ts'
import { DEVICES, MEMBERS, opening, pen } from './cast.ts'
import { createNetwork, isParted } from './network.ts'
import { createPeer, knows, look, type Peer, pull, receive, restart } from './peer.ts'
import { givenLevel } from './rulebook.ts'
import { MAX_TALE } from './tale.ts'

/** One life of a small room among a few honest and dishonest people, over bad roads; the same for the same seed. */
export interface Played {
  readonly room: Room
  readonly members: readonly MemberId[]
  /** Those who are honest, after all roads were mended and they had asked each other for what they lacked. */
  readonly peers: readonly Peer[]
  /** What they saw before that, while parted. */
  readonly glimpses: readonly Glimpse[]
  /** Operations that everybody has to refuse. */
  readonly malformed: readonly SignedOperation[]
  /** Well-formed operations that reached the honest in the end, each act of a bundle by itself, ancestors first. */
  readonly delivered: readonly SignedOperation[]
}

export interface Glimpse {
  /** What the peer's clock said. */
  readonly clock: number
  readonly state: RoomState
}

/** Operations of one answer of anti-entropy: less than the histories have. */
const BATCH = 8
/** A chain of so many peers is healed after so many rounds, in batches. */
const ROUNDS = 64
/** When a room is opened, far enough from the beginning of time; in seconds, of which each tick is one. */
const OPENED = 10_000
/** How far a clock is off at most, in seconds: all that clocks may be. */
const MAX_SKEW = MAX_CLOCK_SKEW / 2

export function play(seed: number): Played {
  const chance = dice(seed)
  const ink = pen(chance)
  const people = 3 + chance.below(4)
  const ticks = 16 + chance.below(32)
  const room = opening(chance.of(['open', 'members', 'members', 'private']))
  const hostility = chance.below(4)
  const peers = cast(chance, room, people, hostility)
  const network = createNetwork(chance, peers.length, ticks, {
    loss: chance.below(40),
    duplication: chance.below(30),
    delay: 1 + chance.below(8),
  })
  const made: Made[] = []
  let acts = 0
  const withheld: { readonly from: number; readonly made: Made }[] = []
  const glimpses: Glimpse[] = []

  const say = (from: number, one: Made, now: number): void => {
    const maker = peers[from] as Peer
    made.push(one)
    acts += countOfActs(one.signed.operation)
    if (!one.malformed) {
      receive(maker, one.signed, OPENED + now)
      maker.saved = maker.history
    }
    // A hostile peer shows what it made to some and not to others, or to nobody before the end.
    const withholds = maker.hostile && chance.once(2)
    if (withholds) withheld.push({ from, made: one })
    for (let to = 0; to < peers.length; to++)
      if (to !== from && !(withholds && !chance.once(3))) network.send(from, to, one.signed, now)
  }

  for (let now = 0; now < ticks && acts < MAX_TALE - 8; now++) {
    for (const { to, signed } of network.arrivals(now)) {
      const peer = peers[to] as Peer
      if (peer.downUntil <= now && !knows(peer, signed.id)) receive(peer, signed, OPENED + now)
    }
    const who = chance.below(peers.length)
    const peer = peers[who] as Peer
    if (peer.downUntil > now) continue
    if (chance.once(24)) {
      restart(room, peer)
      peer.downUntil = now + chance.below(8)
      continue
    }
    if (chance.once(3)) {
      const other = chance.below(peers.length)
      if (other !== who && !isParted(network.parting, who, other, now))
        pull(peer, peers[other] as Peer, BATCH, 1 + chance.below(4), OPENED + now)
    }
    if (peer.hostile) {
      const burst = chance.once(10) ? 4 : 1
      for (let i = 0; i < burst; i++) say(who, hostileAct(chance, ink, peer, people, OPENED + now), now)
    } else {
      const one = honestAct(chance, ink, peer, people, OPENED + now + peer.skew)
      if (one !== undefined) say(who, one, now)
      else if (chance.once(8)) glimpses.push({ clock: OPENED + now + peer.skew, state: look(peer) })
    }
  }

  const honest = peers.filter(({ hostile }) => !hostile)
  for (const peer of honest) glimpses.push({ clock: OPENED + ticks + peer.skew, state: look(peer) })
  const released = chance.once(2)
  // All clocks are right by then, and what one of them took for the present is past.
  const mended = OPENED + ticks + MAX_SKEW
  for (const peer of honest) peer.skew = 0
  for (const { made: one } of withheld)
    if (released) for (const peer of honest) if (!chance.once(3)) receive(peer, one.signed, mended)
  heal(honest, mended)
  for (const peer of honest) glimpses.push({ clock: mended, state: look(peer) })
  const delivered = operationsFrom((honest[0] as Peer).history)
  return {
    room,
    members: MEMBERS.slice(0, people),
    peers: honest,
    glimpses,
    malformed: made.filter(({ malformed }) => malformed).map(({ signed }) => signed),
    delivered,
  }
}

/**
 * A history without the roads: everybody adds to one graph from whatever part of it they care to have seen. Several times as many of these are read in
 * the same time, and the acts collide more.
 */
export function write(seed: number): Played {
  const chance = dice(seed)
  const ink = pen(chance)
  const people = 3 + chance.below(4)
  const room = opening('members')
  const peers = cast(chance, room, people, chance.below(4))
  const target = 10 + chance.below(30)
  const malformed: SignedOperation[] = []
  const hopes = new Map<MemberId, number>([[room.m, 100]])
  let { history } = peers[0] as Peer
  for (let now = 0; history.size < target && now < MAX_TALE; now++) {
    // The host acts more often: without somebody who was let, nobody has anything to fight with.
    const peer = chance.once(4) ? (peers[0] as Peer) : chance.of(peers)
    peer.history = history
    const one = peer.hostile
      ? hostileAct(chance, ink, peer, people, now)
      : carelessAct(chance, ink, peer, people, now, hopes)
    if (one.malformed) malformed.push(one.signed)
    receive(peer, one.signed, Infinity)
    history = peer.history
    hope(hopes, history, one.signed)
  }
  const reader = { ...(peers[0] as Peer), history }
  return {
    room,
    members: MEMBERS.slice(0, people),
    peers: [reader],
    glimpses: [],
    malformed,
    delivered: operationsFrom(history),
  }
}

function hope(
  hopes: Map<MemberId, number>,
  history: History,
  { operation: { k, m, ref } }: SignedOperation,
): void {
  if (k !== 'accept') return
  const gift = operationAt(history, indexOf(history, ref as OperationId) as number).operation
  if (gift.to === m) hopes.set(m, Math.max(hopes.get(m) ?? 0, givenLevel(gift)))
}

/** One peer a person, for some two; at least one of all is honest. */
function cast(chance: Dice, room: Room, people: number, hostility: number): readonly Peer[] {
  const opened = resolve(room, EMPTY_HISTORY)
  const peers: Peer[] = []
  for (let i = 0; i < people; i++) {
    const hostile = chance.below(6) < hostility
    const [first, second] = DEVICES[i] as (typeof DEVICES)[number]
    const skew = chance.once(3) ? chance.below(2 * MAX_SKEW + 1) - MAX_SKEW : 0
    peers.push(createPeer(opened, MEMBERS[i] as MemberId, first, hostile, skew))
    if (chance.once(6)) peers.push(createPeer(opened, MEMBERS[i] as MemberId, second, hostile, 0))
  }
  if (peers.every(({ hostile }) => hostile)) {
    const [device] = DEVICES[people - 1] as (typeof DEVICES)[number]
    peers[peers.length - 1] = createPeer(opened, MEMBERS[people - 1] as MemberId, device, false, 0)
  }
  return peers
}

/** Everybody asks the next, round and round, until nobody learns anything. */
function heal(peers: readonly Peer[], now: number): void {
  for (let round = 0; round < ROUNDS; round++) {
    let news = false
    for (const [i, peer] of peers.entries()) {
      const before = peer.history.size
      pull(peer, peers[(i + 1) % peers.length] as Peer, BATCH, MAX_TALE, now)
      news ||= peer.history.size > before
    }
    if (!news) return
  }
}
