import {
  audienceCommitment,
  type EpochSecret,
  epochDigest,
  ratchet,
  SECRET_BYTES,
  sortedKeys,
} from '../../protocol/audio/epoch.ts'
import { compareBytes, equalBytes } from '../../protocol/bytes.ts'
import { type KeyText, keyBytes, keyText, type MemberId, type RoomId } from '../../protocol/ids.ts'
import { MAX_AUDIENCE, MAX_GENERATION } from '../../protocol/limits.ts'
import type { Reason } from '../../protocol/reasons.ts'
import { LEVEL } from '../../protocol/room/level.ts'
import type { Act } from '../../protocol/room/operation.ts'
import {
  type Epoch,
  isOut,
  leaderOf,
  levelOf,
  mayEnter,
  onStage,
  type RoomState,
} from '../../protocol/room/state.ts'
import type { Read } from '../../protocol/schema.ts'
import { EPOCH } from '../../protocol/wire/epoch.ts'
import type { PeerNetwork } from '../network/network.ts'
import { peerIdOf } from '../network/peer-id.ts'
import { type Cancel, type Clock, second } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import { ask } from '../requests.ts'
import type { VoiceKeys } from '../voice/keys.ts'

/** What is still on its way under the epoch before (FRAME-2). Milliseconds. */
const GRACE_MS = 3_000
/** A new secret is spoken under a moment after it came: by then it has reached the others too. Milliseconds. */
const SWITCH_MS = 200
/** Those who leave within so many milliseconds end one epoch together. */
const LEAVING_MS = 3_000
/** Those who come within so many milliseconds of a ratchet share its generation. */
const JOINING_MS = 1_000
/** First wait before a secret is made or handed over again, doubled by each failure, and the longest. Milliseconds. */
const RETRY_MIN_MS = 250
const RETRY_MAX_MS = 8_000
/** A session that was here so lately is no hidden listener: its leaving has not reached everybody yet. Milliseconds. */
const SEEN_MS = 60_000
/** The first beacon of who asked for the secret past a relay is on its way; who shows none for so long is gone again. Milliseconds. */
const ARRIVING_MS = 3_000
/** Whoever was welcomed and did not come is not welcomed again for so long, or until they come: each time costs an epoch. Milliseconds; and so many of them are remembered. */
const ABSENT_MS = 60_000
const MAX_ABSENT = 256
/** Who asks for the secret of an epoch that is being made is not kept waiting longer: what else they are told lets them in. Milliseconds. */
const ANNOUNCING_MS = 3_000
/** Secrets whose announcement has not come yet: one from each of so many sessions. */
const MAX_EARLY = 16

/** A session in the room, and whose it is. */
export interface RoomMate {
  readonly key: KeyText
  readonly member: MemberId
}

export interface EpochsOptions {
  readonly room: RoomId
  readonly me: RoomMate
  readonly network: PeerNetwork
  readonly random: Random
  readonly clock: Clock
  readonly state: () => RoomState
  /** The number of the next epoch. */
  readonly next: () => number
  /** Sessions that are here, ours not among them, by their newest beacons. */
  readonly present: () => readonly RoomMate[]
  /** Whether a session has shown, on its connection to us, whose it is. */
  readonly isGreeted: (mate: RoomMate) => boolean
  /** Whether a member may be in the room now, by our own state, and came before its door was locked or may pass it (HAND-5). */
  readonly mayBeHere: (member: MemberId) => boolean
  readonly announce: (act: Act) => Promise<void>
  readonly use: (keys: VoiceKeys) => void
  readonly report: (where: string, error: unknown) => void
}

/** A secret as it is handed over. */
export type Handed = Read<typeof EPOCH.request.shape>

/** Two that were made while a room was parted have the same number. */
type EpochName = Pick<Epoch, 'number' | 'by' | 'hash'>

/** A secret, and who holds it as far as we were told. */
interface Held {
  readonly of: EpochName
  /** As we made it or were given it first. */
  readonly first: EpochSecret
  /** The newest generation. */
  generation: number
  /** Those it was made for; undefined where we were not told. */
  audience: readonly KeyText[] | undefined
  /** Those who came since. */
  readonly joined: Set<KeyText>
  /** Sessions that somebody with authority let in, as we were told. */
  readonly vouched: Set<KeyText>
  /** It is of who made the epoch, or what they announced; false of what one of the stage said in their place. */
  isSure: boolean
}

/** What a session that we hand to has, or is being given. */
interface Given {
  readonly member: MemberId
  /** Whether it has taken the audience of the epoch. */
  readonly told: boolean
  /** It was told past a relay alone: nobody knows whether that arrived, or whether the session says that it is theirs. */
  readonly isWelcomed?: boolean
}

export interface Epochs {
  /** We hold the secret of the epoch in force: what is said in the room opens. */
  readonly isHeld: boolean
  /** Something in the room is another: who is here, who may be, who leads, which epoch is in force. */
  settle(): void
  /** A session hands a secret over. @param isProved it has shown past a relay whose it is @returns the reason for which it is refused */
  take(from: RoomMate, handed: Handed, isProved?: boolean): Reason | undefined
  /**
   * Resolves when no epoch is being made: until one is announced, nobody can be given a secret. Also when that takes too long, the room was left, or
   * `signal` is aborted.
   */
  ready(signal: AbortSignal): Promise<void>
  /**
   * A session that comes has shown past a relay whose it is, and asks for the secret (WELCOME-4): from now on it counts among those who have it.
   * @returns undefined where it is not on us to hand it out, or they must not have it
   */
  welcome(mate: RoomMate): Handed | undefined
  /**
   * Members here to one of whose sessions who made the epoch handed its secret, ourselves among them: they had to judge whether it may be here, and were
   * there before us.
   */
  vouched(): readonly MemberId[]
  stop(): void
}

/**
 * The secrets of one room, on one session (SPEC §8.3, §8.7). Who leads the room makes an epoch and hands its secret to every session that is here and may
 * be. The same session, its *keeper*, goes on doing so for those who come, and makes the next one when somebody who holds it must not any more. When it is
 * gone, who leads then makes a new one; where nobody leads, one of those on stage hands on what there is.
 */
export function createEpochs(options: EpochsOptions): Epochs {
  const { room, me, network, random, clock, state, present, use, report } = options
  const stopping = new AbortController()
  let held: Held | undefined
  let before: EpochSecret | undefined
  let speaks: EpochSecret | undefined
  /** What `speaks` is of. */
  let spoken: Held | undefined
  let endOfGrace: Cancel | undefined
  let change: Cancel | undefined
  let rotation: Cancel | undefined
  /** The number of the epoch that this session made last. */
  let made: number | undefined
  let making = false
  /** Settles when the epoch is made that is being made, or was last. */
  let lastMade: Promise<void> = Promise.resolve()
  let failures = 0
  let ratchetedAt = Number.NEGATIVE_INFINITY
  const given = new Map<KeyText, Given>()
  /** Those to whom something is under way. */
  const due = new Set<KeyText>()
  /** Those who were welcomed and whose beacon has not come, and until when it is waited for. */
  const arriving = new Map<KeyText, number>()
  /** Those whose beacon did not come, and until when they are not welcome. */
  const absent = new Map<KeyText, number>()
  const early = new Map<KeyText, { readonly from: RoomMate; readonly handed: Handed }>()
  const seen = new Map<KeyText, number>()
  /** The epoch in force, as it was looked at last, and since when it is that. */
  let inForce: Epoch | undefined
  let inForceAt = 0

  function settle(): void {
    if (stopping.signal.aborted || state().ended) return
    for (const { key } of present()) seen.set(key, clock.now())
    for (const key of seen.keys()) if (!isSeen(key)) seen.delete(key)
    awaitArrivals()
    const { epoch } = state()
    if (!isSameEpoch(epoch, inForce)) inForceAt = clock.now()
    inForce = epoch
    for (const [key, { from, handed }] of early) {
      if (epoch === undefined || handed.n > epoch.number) continue
      early.delete(key)
      if (handed.n === epoch.number) adopt(epoch, from, handed)
    }
    if (isKeeper(epoch)) keep()
    else if (isMaker(epoch)) rotate(isLost(epoch) ? 0 : LEAVING_MS)
    speak()
  }

  /** Whether somebody may hold the secret. */
  const may = options.mayBeHere
  /** Whether somebody was put out. Who hands a secret to us may have been inside long before us, behind a door that has been locked since. */
  const isBarred = (member: MemberId) => isOut(state(), member, second(clock))
  const here = () => [...present().filter(({ member }) => !isBarred(member)), me]
  const admitted = () =>
    present()
      .filter((mate) => may(mate.member) && options.isGreeted(mate))
      .slice(0, MAX_AUDIENCE - 1)

  function leader(): MemberId | undefined {
    return leaderOf(state(), new Set(here().map(({ member }) => member)))
  }

  /** What we hold is of the epoch in force. */
  function isInForce(epoch: Epoch): boolean {
    return isSameEpoch(held?.of, epoch)
  }

  /** It is on us to hand on the secret of the epoch in force. */
  function isKeeper(epoch: Epoch | undefined): boolean {
    if (epoch === undefined || !isInForce(epoch)) return false
    if (epoch.by === me.member) return made === epoch.number
    const stage = here().filter(({ member }) => onStage(state(), member))
    return leader() === undefined && stage.every(({ member }) => member !== epoch.by) && isFirst(stage)
  }

  /** It is on us to make an epoch: we lead, and who made the one in force is not here, or must not be. */
  function isMaker(epoch: Epoch | undefined): boolean {
    if (leader() !== me.member || !isFirst(here().filter(({ member }) => member === me.member))) return false
    return epoch === undefined || !here().some(({ key, member }) => member === epoch.by && key !== me.key)
  }

  /** Who made it is not coming back to keep it: they must not, or it was a session of ours that ended. */
  function isLost(epoch: Epoch | undefined): boolean {
    return epoch === undefined || epoch.by === me.member || isBarred(epoch.by)
  }

  /** Of several sessions the one with the lowest key acts. */
  function isFirst(mates: readonly RoomMate[]): boolean {
    const own = keyBytes(me.key)
    return (
      mates.some(({ key }) => key === me.key) &&
      mates.every(({ key }) => compareBytes(own, keyBytes(key)) <= 0)
    )
  }

  // --- as its keeper --------------------------------------------------------------------------

  function keep(): void {
    const there = nearby()
    if (!isStandIn() && [...given.values()].some(({ member }) => !may(member))) {
      rotate(0)
      return
    }
    if ([...given.keys()].some((key) => !there.has(key))) rotate(LEAVING_MS)
    const mates = admitted()
    const joining = mates.filter(({ key }) => !given.has(key))
    if (joining.length > 0 && join(joining)) for (const mate of joining) hand(mate)
    for (const mate of mates) {
      const known = given.get(mate.key)
      if (known?.isWelcomed || (onStage(state(), mate.member) && known?.told === false)) hand(mate)
    }
  }

  /** We hand on what somebody made who is gone: what we made ourselves would not be in force, and nobody would open our voice any more. */
  function isStandIn(): boolean {
    const by = state().epoch?.by
    return by !== undefined && by !== me.member && leader() !== me.member
  }

  /** Who was here a while ago must show themselves again, like anybody else: nobody listens unseen. */
  function awaitArrivals(): void {
    const there = new Set(present().map(({ key }) => key))
    for (const [key, until] of arriving) {
      if (there.has(key)) arriving.delete(key)
      else if (until <= clock.now()) {
        arriving.delete(key)
        absent.set(key, clock.now() + ABSENT_MS)
      }
    }
    for (const [key, until] of absent)
      if (there.has(key) || until <= clock.now() || absent.size > MAX_ABSENT) absent.delete(key)
  }

  /** Those who are here, and those who are about to be. */
  function nearby(): ReadonlySet<KeyText> {
    return new Set([...present().map(({ key }) => key), ...arriving.keys()])
  }

  function rotate(after: number): void {
    if (isStandIn()) return
    if (making || rotation !== undefined) {
      if (after > 0 || failures > 0) return
      rotation?.()
      rotation = undefined
      if (making) return
    }
    const wait = Math.max(after, failures === 0 ? 0 : RETRY_MIN_MS * 2 ** failures)
    if (wait === 0) begin()
    else
      rotation = clock.after(wait, () => {
        rotation = undefined
        if (isNeeded()) begin()
      })
  }

  /** Those who left may be back, and another may lead by now. */
  function isNeeded(): boolean {
    const { epoch, ended } = state()
    if (ended || !isKeeper(epoch)) return !ended && isMaker(epoch)
    if (isStandIn()) return false
    const there = nearby()
    return [...given].some(([key, { member }]) => !there.has(key) || !may(member))
  }

  function begin(): void {
    lastMade = make()
  }

  async function make(): Promise<void> {
    making = true
    try {
      const epoch = options.next()
      const secret = random.bytes(SECRET_BYTES)
      const mates = admitted()
      const audience = [me.key, ...mates.map(({ key }) => key)]
      given.clear()
      made = epoch
      const hash = epochDigest(room, epoch, secret)
      become({
        of: { number: epoch, by: me.member, hash },
        first: { epoch, generation: 0, secret },
        generation: 0,
        audience,
        joined: new Set(),
        // Who has not shown yet whose they are was let in all the same.
        vouched: held?.vouched ?? new Set(),
        isSure: true,
      })
      // What is handed over and what is announced arrive together.
      const announced = options.announce({
        k: 'epoch',
        epoch,
        hash,
        audience: audienceCommitment(room, epoch, audience),
      })
      for (const mate of mates) hand(mate)
      await announced
      failures = 0
    } catch (error) {
      failures = Math.min(failures + 1, 5)
      report('epoch', error)
    } finally {
      making = false
      settle()
    }
  }

  async function ready(signal: AbortSignal): Promise<void> {
    if (!making) return
    const either = AbortSignal.any([signal, stopping.signal])
    const over = Promise.withResolvers<void>()
    let isOver = either.aborted
    const end = () => {
      isOver = true
      over.resolve()
    }
    either.addEventListener('abort', end, { once: true })
    const cancel = clock.after(ANNOUNCING_MS, end)
    // One may follow the other, as where several are put out.
    while (making && !isOver) await Promise.race([lastMade, over.promise])
    cancel()
    either.removeEventListener('abort', end)
  }

  function welcome(mate: RoomMate): Handed | undefined {
    if (stopping.signal.aborted || state().ended || making || !may(mate.member)) return undefined
    if (held === undefined || !isKeeper(state().epoch)) return undefined
    // Did they never show themselves, nobody could make an epoch without them.
    const isHere = present().some(({ key }) => key === mate.key)
    if (isStandIn() && !isHere) return undefined
    if ((absent.get(mate.key) ?? Number.NEGATIVE_INFINITY) > clock.now()) return undefined
    if (!given.has(mate.key)) {
      if (given.size >= MAX_AUDIENCE - 1 || !join([mate])) return undefined
      given.set(mate.key, { member: mate.member, told: false, isWelcomed: true })
      if (!isHere) arriving.set(mate.key, clock.now() + ARRIVING_MS)
      speak()
    }
    const { secret } = ratchet(room, held.first, held.generation)
    return { r: room, n: held.first.epoch, g: held.generation, s: secret }
  }

  /**
   * Those who come open nothing that was said before (EPOCH-4), and who speaks is told of them.
   * @returns false where a new epoch is made instead
   */
  function join(mates: readonly RoomMate[]): boolean {
    if (held === undefined) return false
    if (clock.now() - ratchetedAt >= JOINING_MS) {
      if (held.generation >= MAX_GENERATION) {
        rotate(0)
        return false
      }
      held.generation += 1
      ratchetedAt = clock.now()
    }
    for (const { key } of mates) held.joined.add(key)
    const stage = admitted().filter((mate) => given.has(mate.key) && onStage(state(), mate.member))
    for (const mate of stage) hand(mate)
    return true
  }

  function hand(mate: RoomMate): void {
    if (held === undefined) return
    const known = given.get(mate.key)
    if (known === undefined || known.isWelcomed) given.set(mate.key, { member: mate.member, told: false })
    // What is on its way to them already goes once more when it has arrived, with what is newest then.
    const isUnderWay = due.has(mate.key)
    due.add(mate.key)
    if (!isUnderWay) void handOver(mate)
  }

  /** Until they have taken what is newest, or must not have it any more. */
  async function handOver(mate: RoomMate): Promise<void> {
    let wait = RETRY_MIN_MS
    while (!stopping.signal.aborted && held !== undefined && given.has(mate.key) && may(mate.member)) {
      const { first, generation, joined } = held
      const count = joined.size
      const isTold = onStage(state(), mate.member)
      const isTaken = await handOnce(held, mate)
      const isNewest = held.first === first && held.generation === generation
      if (isTaken && isTold && held.first === first && given.has(mate.key))
        given.set(mate.key, { member: mate.member, told: true })
      // Whoever came on stage while it was on its way must know who listens, too, or stays silent.
      const isWhole = !onStage(state(), mate.member) || (isTold && joined.size === count)
      if (isTaken && isNewest && isWhole) break
      if (isTaken) continue
      await new Promise<void>((resolve) => clock.after(wait, resolve))
      wait = Math.min(2 * wait, RETRY_MAX_MS)
    }
    due.delete(mate.key)
  }

  async function handOnce(what: Held, mate: RoomMate): Promise<boolean> {
    try {
      const answer = await ask(network, peerIdOf(mate.key), EPOCH, handing(what, mate), stopping.signal)
      if (!answer.ok) report('epoch', new Error(`a secret was not taken: ${answer.reason}`))
      return answer.ok
    } catch (error) {
      if (!stopping.signal.aborted) report('epoch', error)
      return false
    }
  }

  function handing({ first, generation, audience, joined }: Held, { member }: RoomMate): Handed {
    const { secret } = ratchet(room, first, generation)
    const handed = { r: room, n: first.epoch, g: generation, s: secret }
    if (audience === undefined || !onStage(state(), member)) return handed
    return { ...handed, a: inOrder(audience), j: inOrder([...joined]) }
  }

  // --- as one of those who hold it ---------------------------------------------------------------

  function take(from: RoomMate, handed: Handed, isProved = false): Reason | undefined {
    if (!(isProved || options.isGreeted(from)) || isBarred(from.member)) return 'not-admitted'
    const { epoch } = state()
    if (epoch !== undefined && handed.n < epoch.number) return 'stale'
    if (epoch !== undefined && handed.n === epoch.number) return adopt(epoch, from, handed)
    if (!early.has(from.key) && early.size >= MAX_EARLY) return 'rate-limited'
    early.set(from.key, { from, handed })
    return undefined
  }

  function adopt(epoch: Epoch, from: RoomMate, { n, g, s, a, j }: Handed): Reason | undefined {
    const isInTheirPlace = leader() === undefined && onStage(state(), from.member)
    if (from.member !== epoch.by && !isInTheirPlace) return 'not-admitted'
    if (g === 0 && !equalBytes(epochDigest(room, n, s), epoch.hash)) return 'commitment-wrong'
    if (a !== undefined && !equalBytes(audienceCommitment(room, n, a), epoch.audience))
      return 'commitment-wrong'
    const first = { epoch: n, generation: g, secret: s }
    const isSure = from.member === epoch.by || g === 0
    // The audience is announced; of who joined since, somebody without authority could say anything.
    const hasAuthority = from.member === epoch.by && levelOf(state(), from.member) >= LEVEL.comoderator
    const vouched = [...(a ?? []), ...(hasAuthority ? (j ?? []) : [])]
    // An operation that lets us in can be taken back; whom one is handed it without was inside.
    if (!mayEnter(state(), me.member)) vouched.push(me.key)
    const ours = held
    if (
      ours === undefined ||
      !isInForce(epoch) ||
      (isSure && !ours.isSure && !isOneChain(ours.first, first))
    ) {
      become({
        of: epoch,
        first,
        generation: g,
        audience: a,
        joined: new Set(j),
        vouched: new Set(vouched),
        isSure,
      })
      return undefined
    }
    if (isSure) ours.isSure = true
    if (g < ours.first.generation) return undefined
    if (!isOneChain(ours.first, first)) return 'commitment-wrong'
    ours.generation = Math.max(ours.generation, g)
    ours.audience ??= a
    for (const key of j ?? []) ours.joined.add(key)
    for (const key of vouched) ours.vouched.add(key)
    speak()
    return undefined
  }

  /** Whether the later of two generations follows from the earlier one (EPOCH-4). */
  function isOneChain(one: EpochSecret, other: EpochSecret): boolean {
    const [earlier, later] = one.generation <= other.generation ? [one, other] : [other, one]
    return equalBytes(ratchet(room, earlier, later.generation).secret, later.secret)
  }

  /** A new secret takes the place of the one before. */
  function become(next: Held): void {
    before = held?.first
    held = next
    endOfGrace?.()
    endOfGrace = clock.after(GRACE_MS, () => {
      before = undefined
      publish()
    })
    change?.()
    change = undefined
    if (speaks !== undefined) {
      change = clock.after(SWITCH_MS, () => {
        change = undefined
        speak()
      })
    }
    publish()
    speak()
  }

  /** Speaks under the newest secret, once all who hold it are known to be here: nobody listens unseen (HAND-3). */
  function speak(): void {
    if (held === undefined || change !== undefined) return
    const { first, generation, audience, joined } = held
    if (isOver()) {
      if (speaks !== undefined) say(undefined)
      return
    }
    if (speaks !== undefined && spoken === held && speaks.generation >= generation) return
    const isOpen = audience !== undefined && [...audience, ...joined].every(isSeen)
    if (isOpen) say(ratchet(room, first, generation))
    else if (speaks !== undefined && spoken !== held) say(undefined)
  }

  function say(secret: EpochSecret | undefined): void {
    speaks = secret
    spoken = held
    publish()
  }

  /** Another epoch has long been announced, and nothing came of it: who would still hear us are those for whom it was not made (EPOCH-5). */
  function isOver(): boolean {
    if (held === undefined || inForce === undefined || held.first.epoch > inForce.number) return false
    return !isInForce(inForce) && clock.now() - inForceAt > GRACE_MS
  }

  function isSeen(key: KeyText): boolean {
    return key === me.key || clock.now() - (seen.get(key) ?? Number.NEGATIVE_INFINITY) <= SEEN_MS
  }

  function publish(): void {
    if (stopping.signal.aborted) return
    use({ held: [held?.first, before].filter((secret) => secret !== undefined), speak: speaks })
  }

  return {
    get isHeld() {
      const { epoch } = state()
      return epoch !== undefined && isInForce(epoch)
    },
    settle,
    take,
    ready,
    welcome,
    vouched() {
      const named = held?.vouched
      if (named === undefined || named.size === 0) return []
      // By their beacons alone anybody could be a session that was let in.
      const known = [...present().filter((mate) => options.isGreeted(mate)), me]
      return known.flatMap(({ key, member }) => (named.has(key) ? member : []))
    },
    stop() {
      stopping.abort()
      for (const cancel of [endOfGrace, change, rotation]) cancel?.()
    },
  }
}

/** Whether it is one epoch, or none, that both name. */
export function isSameEpoch(one: EpochName | undefined, other: EpochName | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.number === other.number && one.by === other.by && equalBytes(one.hash, other.hash)
}

function inOrder(keys: readonly KeyText[]): readonly KeyText[] {
  return sortedKeys(keys).map(keyText)
}
