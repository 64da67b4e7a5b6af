import type { KeyText, MemberId } from '../../protocol/ids.ts'
import { MAX_LACKED, MAX_VOICE_SLOTS } from '../../protocol/limits.ts'
import type { Beacon } from '../../protocol/room/beacon.ts'
import { Carrier, type CarrierOptions, type KnownRelay, type Part } from '../audience/carrier.ts'
import type { LinkState } from '../mesh/audio-link.ts'
import type { LinkView } from '../mesh/mesh.ts'
import type { PeerIdString, PeerNetwork } from '../network/network.ts'
import { peerIdOf } from '../network/peer-id.ts'
import { type Observable, Observed } from '../observed.ts'
import type { AudienceSlot } from '../ports/audience.ts'
import type { PeerConnections } from '../ports/connections.ts'
import type { Traffic } from '../ports/traffic.ts'
import type { VoiceCheck } from '../voice/opener.ts'

/** Sessions in a room up to which voices go from each to each, and how many it takes less to go back to that: no to and fro. */
const MESH_MOST = 8
const MESH_AGAIN = 6
/** How often it is looked at who is heard; how long somebody may speak, by their own word, and nothing of it come over the relay. Milliseconds. */
const LOOK_MS = 250
const UNHEARD_MS = 4_000
/** Who is not linked directly for so long is looked for over a relay: most links stand within a second, and nothing is heard until then. Milliseconds. */
const UNREACHED_MS = 4_000
/** A link that stood and broke may be back at once. Milliseconds. */
const BROKEN_MS = 500
/** A relay that brought a voice within this time is no use to doubt: one who says that they speak may lie. Milliseconds. */
const PROVEN_MS = 60_000
/** Whose voice came directly because the relay did not bring it comes over the relay again, if that does, no sooner than after so long: no to and fro. Milliseconds. */
const LACK_MS = 300_000
/** Who is heard half of the time is missed no less than who is heard a little: each moment with sound counts as so many without. */
const HEARD_WEIGHT = 2

/** So many sessions are too many for voices from each to each. */
export function isLarge(sessions: number): boolean {
  return sessions > MESH_MOST
}

export interface CarriageOptions extends Omit<CarrierOptions, 'connections' | 'onChange'> {
  readonly network: Pick<PeerNetwork, 'openChannel' | 'hidesAddress'>
  readonly connections: Pick<PeerConnections, 'audience' | 'allow' | 'checks'>
}

export interface CarriageView {
  readonly relay: KnownRelay
  /** How many listen to the room over relays, as this one says. */
  readonly listeners: number
  /** All voices of the room come so, if they can, and not only those of some who are not linked directly. */
  readonly whole: boolean
  readonly slots: readonly AudienceSlot[]
}

/**
 * How a large room's voices come to this session and go from it (SPEC §8.13): over one relay, when there are more people than can all be linked to each
 * speaker. Who may be heard is not the relay's to say: it is what `allow` was told.
 */
export interface Carriage {
  /** Defined while voices come and go over a relay. */
  readonly view: Observable<CarriageView | undefined>
  readonly checks: Observable<ReadonlyMap<KeyText, VoiceCheck>>
  /** Sessions that say they speak, and of whom nothing comes over the relay. */
  readonly unheard: Observable<ReadonlySet<KeyText>>
  /** Sessions whose voices the relay does not bring, nor any other: they are asked to send them directly (BEACON-11). */
  readonly lacked: Observable<readonly KeyText[]>
  /**
   * How the voices stand that go over a relay because one of two hides their address: `unheard` when there is no relay that carries them, or may.
   * Undefined where nobody hides it whose voice we share.
   */
  readonly apart: Observable<Apart | undefined>
  /** Sessions with which a voice is shared that goes neither directly nor over a relay, but for those of `apart`. */
  readonly cutOff: Observable<ReadonlySet<KeyText>>
  /**
   * Something in the room is another.
   * @param part ours; undefined when we have no place in it
   * @param here the newest beacon of every other session that is here, and whether it is on the stage
   * @param links those that are tried directly: who is not reached so is heard over a relay, pair by pair
   * @param expected how many are said to be here without us, for as long as we do not know. If they alone are too many, a relay knows the room, and the way to it is long
   * @param isPrivate a relay has no business in the room (TICKET-6)
   */
  settle(
    part: Part | undefined,
    here: readonly Inmate[],
    links: readonly LinkView[],
    expected?: number,
    isPrivate?: boolean,
  ): void
  /** Whether we hold the secret that the room speaks under: who does not opens no voice, and no relay is at fault for that. */
  hold(isHeld: boolean): void
  /** Our voice, sent from when a relay takes it. */
  setMicrophone(track: MediaStreamTrack | undefined): void
  /** Sessions whose voices may come over a relay. */
  allow(speakers: readonly KeyText[]): void
  /**
   * Whether the voice between us and another session does not go directly now: in a large room, where one of the two listens, and both are at a relay; or
   * where one of the two hides their address, and then it goes over a relay or not at all.
   */
  carries(other: Inmate): boolean
  /** Whether the voice between us and another session can go over relays now, also where it goes directly when that is possible. */
  reaches(session: KeyText, member: MemberId): boolean
  /** How the voice stands between us and a session with which it does not go directly. */
  stateOf(session: KeyText, member: MemberId): LinkState
  /** Loudness in each slot of the view, 0 to 1. */
  levels(): readonly number[]
  /** Of the link with the relay; undefined while there is none. */
  traffic(): Promise<Traffic> | undefined
  stop(): Promise<void>
}

export type Apart = 'connecting' | 'carried' | 'unheard'

export interface Inmate {
  readonly beacon: Beacon
  readonly onStage: boolean
}

export function createCarriage(options: CarriageOptions): Carriage {
  const { connections, clock, network, me } = options
  const view = new Observed<CarriageView | undefined>(undefined)
  const unheard = new Observed<ReadonlySet<KeyText>>(new Set())
  const apart = new Observed<Apart | undefined>(undefined)
  const cutOff = new Observed<ReadonlySet<KeyText>>(new Set())
  const lacked = new Observed<readonly KeyText[]>([])
  const { audience } = connections
  const carrier = audience && new Carrier({ ...options, connections: audience, onChange: show })
  let isWide = false
  let part: Part | undefined
  let isForbidden = false
  /** For how long a relay has been needed for who hides their address, and none carried. Milliseconds. */
  let lacking = 0
  /** For how long each of those whom only a relay could bring has been at none, or we. Milliseconds. */
  const distant = new Map<KeyText, number>()
  let inmates: readonly Inmate[] = []
  let allowed: ReadonlySet<KeyText> = new Set()
  let links: ReadonlyMap<PeerIdString, LinkState> = new Map()
  /** For how long each with whom a voice is shared has not been linked directly, less what it has been since. Milliseconds. */
  const missing = new Map<KeyText, number>()
  /** Those of them who were not linked for too long, until they have been for as long again. */
  const unreached = new Set<KeyText>()
  /** Those whose link stood when it was last looked at. */
  const standing = new Set<KeyText>()
  /** For how long each says that they speak, and nothing comes. Milliseconds. */
  const silence = new Map<KeyText, number>()
  let isHeld = false
  /** For how long the secret was held, less what it was not since. Milliseconds. */
  let held = 0
  /** Until when each of those that are lacked is heard directly at least, and over which relay they did not come. Milliseconds. */
  const lacks = new Map<KeyText, { readonly until: number; readonly over: KeyText }>()
  /** When each relay was last seen to bring a voice: what one did proves nothing of the next. */
  const provenAt = new Map<KeyText, number>()

  function settle(
    next: Part | undefined,
    here: readonly Inmate[],
    tried: readonly LinkView[],
    expected = 0,
    isPrivate = false,
  ): void {
    inmates = here
    part = next
    links = new Map(tried.map(({ peer, state }) => [peer, state]))
    isForbidden = isPrivate
    const sessions = Math.max(here.length + 1, expected)
    isWide = isWide ? sessions > MESH_AGAIN : isLarge(sessions)
    for (const known of [distant, missing])
      for (const peer of known.keys())
        if (!here.some(({ beacon }) => beacon.peer === peer)) known.delete(peer)
    miss(0)
    decide()
    show()
    showApart()
  }

  function decide(): void {
    const isNeeded = isWide || unreached.size > 0 || isAnyApart()
    carrier?.want(isNeeded && !isForbidden ? part : undefined)
  }

  /** CARRY-8: one of us two hides their address. */
  const isApart = ({ beacon }: Inmate) => network.hidesAddress || beacon.hides === true
  /** One of us two may speak. */
  const isVoiced = ({ onStage }: Inmate) => onStage || part === 'speaker'
  const isReached = ({ beacon }: Inmate) => view.value !== undefined && beacon.relay !== undefined

  function isAnyApart(): boolean {
    if (part === undefined) return false
    // Our own other sessions are nobody to hear, nor is one that is gone and has not been missed yet.
    const others = inmates.filter(({ beacon }) => beacon.m !== me.member)
    return network.hidesAddress || others.some((one) => isApart(one) && isVoiced(one))
  }

  function showApart(): void {
    apart.set(apartNow())
  }

  function apartNow(): Apart | undefined {
    if (!isAnyApart()) return undefined
    if (view.value !== undefined) return 'carried'
    return isForbidden || lacking >= UNHEARD_MS ? 'unheard' : 'connecting'
  }

  function stateOf(session: KeyText, member: MemberId): LinkState {
    if (unheard.value.has(session)) return 'failed'
    const inmate = inmates.find(({ beacon }) => beacon.peer === session && beacon.m === member)
    return inmate === undefined || !isApart(inmate) || isReached(inmate) ? 'connected' : 'connecting'
  }

  const linkTo = ({ beacon }: Inmate) => links.get(peerIdOf(beacon.peer))
  const isLinked = (inmate: Inmate) => linkTo(inmate) === 'connected'

  /** CARRY-6: looks with whom a voice is shared that does not go directly. @param passed since it was last looked, in milliseconds */
  function miss(passed: number): void {
    for (const inmate of inmates) {
      const { peer, m } = inmate.beacon
      // In a large room relays carry all that can be.
      const isTried = !isWide && m !== me.member && isVoiced(inmate) && !isApart(inmate)
      const before = missing.get(peer) ?? 0
      const state = isTried ? linkTo(inmate) : undefined
      if (!isTried) missing.delete(peer)
      else if (state === 'connected' || state === 'idle') missing.set(peer, Math.max(before - passed, 0))
      else if (state === 'failed') missing.set(peer, UNREACHED_MS)
      else {
        const since = standing.has(peer) ? Math.max(before, UNREACHED_MS - BROKEN_MS) : before
        missing.set(peer, Math.min(since + passed, UNREACHED_MS))
      }
      if (state === 'connected') standing.add(peer)
      else standing.delete(peer)
      if (missing.get(peer) === UNREACHED_MS) unreached.add(peer)
    }
    for (const peer of unreached) if ((missing.get(peer) ?? 0) === 0) unreached.delete(peer)
    for (const peer of standing) if (!missing.has(peer)) standing.delete(peer)
  }

  function carries(inmate: Inmate): boolean {
    if (isApart(inmate)) return true
    const { beacon, onStage } = inmate
    if (lacks.has(beacon.peer) || beacon.lacks?.includes(me.peer) === true) return false
    if (!isReached(inmate) || onStage === (carrier?.carrying?.part === 'speaker')) return false
    return isWide
  }

  /** CARRY-6: nobody but a relay brings the one to the other. */
  const isUnlinked = (inmate: Inmate) => unreached.has(inmate.beacon.peer) && !isLinked(inmate)
  /** Its voice is heard over a relay, if it is heard. */
  const isOverRelay = (inmate: Inmate) => isReached(inmate) && (carries(inmate) || isUnlinked(inmate))

  function reaches(session: KeyText, member: MemberId): boolean {
    if (lacks.has(session)) return false
    return inmates.some((one) => one.beacon.peer === session && one.beacon.m === member && isReached(one))
  }

  /** Who is not linked directly, or hides their address, is at a relay, as we are, or the two of us do not hear each other. */
  function reach(): void {
    lacking = isAnyApart() && view.value === undefined ? lacking + LOOK_MS : 0
    for (const inmate of inmates) {
      const { peer } = inmate.beacon
      const isNear = !isApart(inmate) && !isUnlinked(inmate)
      if (isNear || !isVoiced(inmate) || isReached(inmate)) distant.delete(peer)
      // No relay will ever be there: nothing is waited for.
      else if (isForbidden) distant.set(peer, UNHEARD_MS)
      else distant.set(peer, Math.min((distant.get(peer) ?? 0) + LOOK_MS, UNHEARD_MS))
    }
    showApart()
    showCutOff()
  }

  function showCutOff(): void {
    const now = new Set(
      inmates.flatMap((one) => (isAway(one.beacon.peer) && !isApart(one) ? one.beacon.peer : [])),
    )
    if (now.size !== cutOff.value.size || [...now].some((peer) => !cutOff.value.has(peer))) cutOff.set(now)
  }

  const isAway = (peer: KeyText) => (distant.get(peer) ?? 0) >= UNHEARD_MS

  /** Who says that they speak is heard, or the relay is of no use. */
  function listen(): void {
    if (
      view.value === undefined &&
      silence.size === 0 &&
      distant.size === 0 &&
      unheard.value.size === 0 &&
      lacks.size === 0
    )
      return
    const slots = view.value?.slots ?? []
    const levels = carrier?.carrying?.link.connection.levels() ?? []
    const sounding = new Set(slots.flatMap(({ speaker }, i) => ((levels[i] ?? 0) > 0 && speaker) || []))
    const relay = view.value?.relay.key
    if (relay !== undefined && sounding.size > 0) provenAt.set(relay, clock.now())
    forgive(relay, sounding)
    const isFull = sounding.size >= MAX_VOICE_SLOTS
    const awaited = new Set<KeyText>()
    for (const inmate of inmates) {
      const { peer, mic, speak } = inmate.beacon
      if (!inmate.onStage || !allowed.has(peer) || !isOverRelay(inmate)) continue
      awaited.add(peer)
      const waited = silence.get(peer) ?? 0
      if (sounding.has(peer)) silence.set(peer, Math.max(waited - HEARD_WEIGHT * LOOK_MS, 0))
      else if (mic === 'open' && speak)
        silence.set(peer, isFull ? waited : Math.min(waited + LOOK_MS, UNHEARD_MS))
      else silence.set(peer, Math.max(waited - LOOK_MS, 0))
    }
    for (const peer of silence.keys()) if (!awaited.has(peer)) silence.delete(peer)
    const missing = [...silence].filter(([, waited]) => waited >= UNHEARD_MS).map(([peer]) => peer)
    const all = new Set([...missing, ...[...distant.keys()].filter(isAway)])
    if (all.size !== unheard.value.size || [...all].some((peer) => !unheard.value.has(peer))) unheard.set(all)
    if (relay === undefined) return
    const isProven = clock.now() - (provenAt.get(relay) ?? Number.NEGATIVE_INFINITY) <= PROVEN_MS
    const withheld = isHeld && held >= UNHEARD_MS ? missing : []
    if (withheld.length > 0 && !isProven) carrier?.abandon()
    else if (carrier?.seek(new Set(withheld), LOOK_MS) === false) lack(withheld, relay)
  }

  /** CARRY-9: nobody brings them, so that they are asked themselves. */
  function lack(missing: readonly KeyText[], over: KeyText): void {
    // Who is not reached directly, or hides, cannot be asked.
    const asked = new Set(
      inmates.flatMap((one) => (isWide && carries(one) && !isApart(one) ? one.beacon.peer : [])),
    )
    for (const peer of missing)
      if (asked.has(peer) && lacks.size < MAX_LACKED) lacks.set(peer, { until: clock.now() + LACK_MS, over })
    showLacked()
  }

  /** Whoever comes over a relay again, or over another one, or is not here any more, is not lacked. */
  function forgive(relay: KeyText | undefined, sounding: ReadonlySet<KeyText>): void {
    for (const [peer, { until, over }] of lacks) {
      const isHere = inmates.some(({ beacon, onStage }) => onStage && beacon.peer === peer)
      if (!isHere || relay !== over || (clock.now() >= until && sounding.has(peer))) lacks.delete(peer)
    }
    showLacked()
  }

  function showLacked(): void {
    const now = [...lacks.keys()]
    if (String(now) !== String(lacked.value)) lacked.set(now)
  }
  const cancel = clock.every(LOOK_MS, () => {
    miss(LOOK_MS)
    decide()
    carrier?.look()
    reach()
    held = isHeld ? Math.min(held + LOOK_MS, UNHEARD_MS) : Math.max(held - LOOK_MS, 0)
    listen()
  })

  function show(): void {
    const now = carrier?.carrying
    const whole = isWide || isAnyApart()
    const next = now && {
      relay: now.relay,
      listeners: now.link.hearing,
      whole,
      slots: now.link.connection.slots,
    }
    const before = view.value
    if (
      before?.relay === next?.relay &&
      before?.listeners === next?.listeners &&
      before?.whole === next?.whole &&
      before?.slots === next?.slots
    )
      return
    view.set(next)
    showApart()
  }

  return {
    view,
    checks: connections.checks,
    unheard,
    apart,
    cutOff,
    lacked,
    settle,
    hold(now) {
      isHeld = now
    },
    setMicrophone: (track) => carrier?.setMicrophone(track),
    allow(speakers) {
      allowed = new Set(speakers)
      connections.allow(speakers)
    },
    carries,
    reaches,
    stateOf,
    levels: () => carrier?.carrying?.link.connection.levels() ?? [],
    traffic: () => carrier?.carrying?.link.connection.traffic(),
    async stop() {
      cancel()
      await carrier?.stop()
    },
  }
}
