import { openerFromSeed } from '../../protocol/community/sealed.ts'
import type { CommunityId, KeyText, MemberId, RoomId } from '../../protocol/ids.ts'
import { MAX_PRESENCE_LIFETIME } from '../../protocol/limits.ts'
import { type Epoch, onStage } from '../../protocol/room/state.ts'
import { haves } from '../../protocol/room/sync.ts'
import { openWelcome, sealWelcome, WELCOME_SEED_BYTES } from '../../protocol/room/welcome.ts'
import { decodeFrame, encodeFrame } from '../../protocol/wire/frame.ts'
import { WELCOME, type WelcomeAnswer, type WelcomeRequest } from '../../protocol/wire/welcome.ts'
import { WELCOME_CONTENT } from '../../protocol/wire/welcome-content.ts'
import { publicOf, sharedSecret } from '../../protocol/x25519.ts'
import type { Greetings } from '../greetings.ts'
import type { PeerIdString, PeerNetwork } from '../network/network.ts'
import { NetworkError } from '../network/network-error.ts'
import { keyOf, peerIdOf } from '../network/peer-id.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { Random } from '../ports/random.ts'
import { type Me, sealPresence } from '../presence.ts'
import { ask } from '../requests.ts'
import type { Attendance } from './attendance.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import { type Epochs, isSameEpoch } from './epochs.ts'
import type { Intake } from './intake.ts'
import type { RoomLog } from './log.ts'
import { tellNewcomer } from './sync.ts'

/** Sessions that one who comes asks past a relay in one epoch: the one that announced the room, its keeper, and those who speak most likely. */
const MAX_ASKED = 6
/** So many of those who were asked are remembered: sessions come and go, and with them epochs. */
const MAX_REMEMBERED = 64

export interface WelcomesParts {
  readonly room: RoomId
  readonly community: CommunityId
  readonly me: Me
  /** 32 bytes: of the session's key. */
  readonly sessionSeed: Uint8Array
  readonly network: Pick<PeerNetwork, 'request' | 'relays'>
  readonly greetings: Pick<Greetings, 'members' | 'check'>
  readonly clock: Clock
  readonly random: Random
  readonly log: RoomLog
  readonly attendance: Pick<Attendance, 'here' | 'alive' | 'aliveOf'>
  readonly door: Pick<Doorkeeper, 'isOut'>
  readonly epochs: Pick<Epochs, 'isHeld' | 'take' | 'ready' | 'welcome'>
  readonly takeAll: Intake['takeAll']
  readonly signal: AbortSignal
  /** We are in the room, which is not private. */
  readonly isInside: () => boolean
  /** Somebody has told what they know. @param whole all of it */
  readonly onAnswer: (whole: boolean) => void
  readonly report: (where: string, error: unknown) => void
}

/** One session is asked, over each relay. */
type Attempt = object

/** What who comes into a large room and those who are there say to each other past a relay, before there are links between them (SPEC §8.8). */
export interface Welcomes {
  /** Asks these, and then those of whom one hears more. Who was asked before is not asked again, but for the secret of another epoch, where it is on them. */
  ask(sessions: readonly PeerIdString[]): void
  /** The secret is lacked: asks for it those who are known to be here, as `ask` does. */
  seek(): void
  /** Somebody comes. @param asking until they give up @returns what they need, sealed, or the reason for which they are told nothing */
  answer(request: WelcomeRequest, asking: AbortSignal): Promise<WelcomeAnswer>
  /** Whether a session has proved in an answer whose it is. */
  isProved(session: KeyText, member: MemberId): boolean
}

export function createWelcomes(parts: WelcomesParts): Welcomes {
  const { room, community, me, sessionSeed, network, greetings, clock, random, log, attendance } = parts
  const { door, epochs, takeAll, signal, isInside, onAnswer, report } = parts
  const opener = openerFromSeed(sessionSeed, me.session.publicKey)
  /** Those who were asked, and the epoch in force then. */
  const asked = new Map<PeerIdString, Epoch | undefined>()
  /** Those whose answer has not come, or is being taken in: the secret in it comes after the operations. */
  const underWay = new Map<PeerIdString, Attempt>()
  const proved = new Map<KeyText, { readonly member: MemberId; readonly until: number }>()

  const presence = () => sealPresence(me, community, second(clock))

  /** @param taken is called once what was answered is taken in */
  async function askOne(
    peer: PeerIdString,
    to: KeyText,
    relay: PeerIdString,
    taken: () => void,
  ): Promise<void> {
    const seed = random.bytes(WELCOME_SEED_BYTES)
    const doorstep = { community, room, from: me.session.publicKey, to }
    const words = { p: await presence(), x: publicOf(seed), heads: haves(log.history) }
    const answer = await ask(network, relay, WELCOME, { r: room, from: doorstep.from, to, ...words }, signal)
    if (!answer.ok || answer.value.x === undefined || answer.value.box === undefined) return
    const opened = openWelcome(doorstep, opener, seed, { x: answer.value.x, box: answer.value.box })
    if (!opened.ok) return
    const content = decodeFrame(WELCOME_CONTENT, opened.value)
    if (!content.ok) return
    const member = await greetings.check(peer, content.value.p)
    if (!member.ok || signal.aborted) return
    const { ops, beacons, next, secret } = content.value
    await takeAll([...ops, ...beacons])
    if (signal.aborted) return
    for (const [key, { until }] of proved) if (until < second(clock)) proved.delete(key)
    proved.set(to, { member: member.value, until: second(clock) + MAX_PRESENCE_LIFETIME })
    if (secret !== undefined) {
      const refused = epochs.take({ key: to, member: member.value }, { r: room, ...secret }, true)
      if (refused !== undefined) report('welcome', new Error(`a secret was not taken: ${refused}`))
    }
    taken()
    onAnswer(next === undefined)
    seek()
  }

  /** Whoever made the epoch has its secret, and who is on the stage has to be known before they are heard. */
  function seek(): void {
    const { state } = log
    const maker = state.epoch?.by
    const here = attendance.here().filter(({ m }) => m !== me.member)
    const makers = here.filter(({ m }) => m === maker)
    const stage = here.filter(({ m }) => onStage(state, m))
    // Where the maker is gone and nobody leads, one of the stage hands the secret on (HAND-2); before, it is on none of them.
    const keepers = new Set((makers.length > 0 ? makers : stage).map(({ peer }) => peerIdOf(peer)))
    request([...keepers, ...stage.map(({ peer }) => peerIdOf(peer))], keepers)
  }

  /** @param keepers of these, those who are asked once more for the secret of another epoch */
  function request(sessions: readonly PeerIdString[], keepers: ReadonlySet<PeerIdString> = new Set()): void {
    const relays = network.relays()
    if (relays.length === 0) return
    const { epoch } = log.state
    for (const peer of sessions) {
      const to = keyOf(peer)
      if (to === undefined || peer === me.peer || greetings.members.value.has(peer)) continue
      const isAgain = !epochs.isHeld && keepers.has(peer) && !isSameEpoch(asked.get(peer), epoch)
      if (underWay.has(peer) || (asked.has(peer) && !isAgain)) continue
      if ([...asked.values()].filter((at) => isSameEpoch(at, epoch)).length >= MAX_ASKED) continue
      // The map's order is that of the last request.
      asked.delete(peer)
      asked.set(peer, epoch)
      for (const oldest of [...asked.keys()].slice(0, -MAX_REMEMBERED)) asked.delete(oldest)
      void attempt(peer, to, relays)
    }
  }

  async function attempt(peer: PeerIdString, to: KeyText, relays: readonly PeerIdString[]): Promise<void> {
    const own: Attempt = {}
    underWay.set(peer, own)
    // The first answer is enough: another relay may be silent.
    const taken = () => {
      if (underWay.get(peer) === own) underWay.delete(peer)
    }
    await Promise.all(
      relays.map((relay) =>
        askOne(peer, to, relay, taken).catch((error: unknown) => {
          // Who is not reached so is linked directly, as everybody is in the end.
          if (!(error instanceof NetworkError)) report('welcome', error)
        }),
      ),
    )
    taken()
  }

  return {
    ask: (sessions) => request(sessions),
    seek,
    async answer({ from, to, p, x, heads }, asking) {
      if (!isInside()) return { error: 'room-unknown' }
      const member = await greetings.check(peerIdOf(from), p)
      if (!member.ok) return { error: member.reason }
      if (sharedSecret(opener.secret, x) === undefined) return { error: 'sealed-wrong' }
      const own = await presence()
      // What is asked for while an epoch is made would be no longer in force, and who got it would be silent until they are linked.
      await epochs.ready(asking)
      // Asked last: nothing may happen between the door and what is handed out. Nobody who gave up counts among those who have the secret.
      if (signal.aborted || asking.aborted || !isInside()) return { error: 'room-unknown' }
      if (door.isOut(member.value)) return { error: 'not-admitted' }
      const handed = epochs.welcome({ key: from, member: member.value })
      const stage = attendance.here().filter(({ m }) => onStage(log.state, m))
      const needed = attendance.aliveOf(stage)
      const others = attendance.alive().filter((beacon) => !needed.includes(beacon))
      const content = encodeFrame(WELCOME_CONTENT, {
        p: own,
        ...tellNewcomer(log, [...others.slice(0, 1), ...needed, ...others.slice(1)], heads),
        ...(handed && { secret: { n: handed.n, g: handed.g, s: handed.s } }),
      })
      const doorstep = { community, room, from, to }
      const sealed = sealWelcome(doorstep, opener, x, random.bytes(WELCOME_SEED_BYTES), content)
      return sealed ?? { error: 'sealed-wrong' }
    },
    isProved(session, member) {
      const known = proved.get(session)
      return known !== undefined && known.member === member && second(clock) <= known.until
    },
  }
}
