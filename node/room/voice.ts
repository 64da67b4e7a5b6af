import type { KeyText, MemberId } from '../../protocol/ids.ts'
import { type LinkView, type Mesh, sameLinks, type WantedLink } from '../mesh/mesh.ts'
import { keyOf } from '../network/peer-id.ts'
import { type Observable, Observed } from '../observed.ts'
import type { Cancel, Clock } from '../ports/clock.ts'
import type { RemoteVoice } from '../view.ts'
import type { Carriage } from './carriage.ts'

/** How often levels are looked at, in milliseconds: a ring that follows a voice. */
const LEVELS = 150
/** RFC 6464 counts from -127 to 0 dBov; speech in a quiet room is well above -45, its background below. Linear, 0 to 1. */
const SPEECH_LEVEL = 10 ** (-45 / 20)
/**
 * Who is muted sends silence for so long, and then nothing: a block signs for what was said before (SPEC BLOCK-4), and no decoder goes on with half a
 * word. Milliseconds.
 */
const SILENCE_SENT = 500
/** A ring that goes out between two words would flicker. Milliseconds. */
const SPEECH_HOLD = 400

/** The voices of a room, ours and the others', as far as sound goes: who may be heard is decided elsewhere and given to `update`. */
export interface RoomVoice {
  readonly voices: Observed<readonly RemoteVoice[]>
  /** Members whose speech is heard right now. */
  readonly heard: Observed<ReadonlySet<MemberId>>
  /** Each session that we hear or that hears us, directly or over a relay. */
  readonly links: Observable<readonly LinkView[]>
  readonly hasMicrophone: boolean
  /** Takes a microphone; the one before is stopped, so that its light goes out. */
  setMicrophone(stream: MediaStream | undefined): void
  /** Closed at first. While it is closed nothing is sent. */
  setOpen(open: boolean): void
  /**
   * @param linked those to be linked directly
   * @param carried those whose voice, or to whom ours, goes over a relay
   * @param audible those whose voice may be played
   */
  update(linked: readonly WantedLink[], carried: readonly WantedLink[], audible: ReadonlySet<MemberId>): void
  stop(): Promise<void>
}

export function createVoice(mesh: Mesh, carriage: Carriage, clock: Clock): RoomVoice {
  const voices = new Observed<readonly RemoteVoice[]>([])
  const heard = new Observed<ReadonlySet<MemberId>>(new Set())
  const links = new Observed<readonly LinkView[]>([])
  const lastHeard = new Map<MemberId, number>()
  let microphone: MediaStream | undefined
  /** Ends the wait for the rest. */
  let resting: Cancel | undefined
  let isOpen = false
  let allowed: ReadonlySet<MemberId> = new Set()
  let carried: readonly WantedLink[] = []
  /** Whose voices may come over a relay. */
  let stage: ReadonlyMap<KeyText, MemberId> = new Map()

  function expose(): void {
    const slots = carriage.view.value?.slots ?? []
    const overRelay = new Set(slots.map(({ speaker }) => speaker))
    // Of a link that broke the stream is still there: whoever comes over a relay meanwhile is heard so.
    const direct = mesh.links.value.filter(
      ({ peer, member, state, stream }) =>
        stream !== undefined && allowed.has(member) && (state === 'connected' || !overRelay.has(keyOf(peer))),
    )
    const next: RemoteVoice[] = direct.flatMap(({ member, stream }) => (stream ? [{ member, stream }] : []))
    // Of one session: another of the same member's may be linked to us and say nothing.
    const heardDirectly = new Set(direct.map(({ peer }) => keyOf(peer)))
    for (const { speaker, stream } of slots) {
      const member = speaker && stage.get(speaker)
      if (member !== undefined && !heardDirectly.has(speaker)) next.push({ member, stream })
    }
    const isSame = next.every(({ member, stream }, i) => {
      const before = voices.value[i]
      return before?.stream === stream && before.member === member
    })
    if (next.length !== voices.value.length || !isSame) voices.set(next)
  }

  function show(): void {
    const checks = carriage.checks.value
    const direct = mesh.links.value.map((link) => {
      const key = keyOf(link.peer)
      const isDue = link.state === 'connecting' || link.state === 'failed'
      if (!isDue || key === undefined || !carriage.reaches(key, link.member)) return link
      const state = carriage.stateOf(key, link.member)
      return { ...link, state, reason: undefined, check: checks.get(key) }
    })
    const overRelay = carried.map(({ peer, member, key }): LinkView => {
      const state = carriage.stateOf(key, member)
      return { peer, member, state, reason: undefined, stream: undefined, check: checks.get(key) }
    })
    const next = [...direct, ...overRelay]
    if (!sameLinks(next, links.value)) links.set(next)
    expose()
  }

  async function listen(): Promise<void> {
    const now = clock.now()
    const levels = await mesh.levels()
    for (const { peer, member } of mesh.links.value) {
      if ((levels.get(peer) ?? 0) >= SPEECH_LEVEL && allowed.has(member)) lastHeard.set(member, now)
    }
    const slots = carriage.view.value?.slots ?? []
    for (const [i, level] of carriage.levels().entries()) {
      const speaker = slots[i]?.speaker
      const member = speaker && stage.get(speaker)
      if (member !== undefined && level >= SPEECH_LEVEL) lastHeard.set(member, now)
    }
    const next = new Set([...lastHeard].filter(([, at]) => now - at <= SPEECH_HOLD).map(([member]) => member))
    if (next.size !== heard.value.size || [...next].some((member) => !heard.value.has(member)))
      heard.set(next)
  }

  mesh.rest(true)
  let listening = false
  const cancels = [
    mesh.links.subscribe(show),
    carriage.view.subscribe(show),
    carriage.checks.subscribe(show),
    carriage.unheard.subscribe(show),
    clock.every(LEVELS, () => {
      if (listening || links.value.length === 0) return
      listening = true
      void listen().finally(() => {
        listening = false
      })
    }),
  ]

  return {
    voices,
    heard,
    links,
    get hasMicrophone() {
      return microphone !== undefined
    },
    setMicrophone(stream) {
      for (const track of microphone?.getTracks() ?? []) track.stop()
      microphone = stream
      const track = stream?.getAudioTracks()[0]
      mesh.setMicrophone(track)
      carriage.setMicrophone(track)
    },
    setOpen(open) {
      for (const track of microphone?.getAudioTracks() ?? []) track.enabled = open
      if (open === isOpen) return
      isOpen = open
      resting?.()
      if (open) mesh.rest(false)
      else resting = clock.after(SILENCE_SENT, () => mesh.rest(true))
    },
    update(linked, overRelay, audible) {
      allowed = audible
      carried = overRelay
      const speakers = [...linked, ...overRelay].filter(
        ({ member, receive }) => receive && audible.has(member),
      )
      const before = stage
      stage = new Map(speakers.map(({ key, member }) => [key, member]))
      const isSame = stage.size === before.size && [...stage.keys()].every((key) => before.has(key))
      if (!isSame) carriage.allow([...stage.keys()])
      mesh.update(linked)
      show()
    },
    async stop() {
      for (const cancel of cancels) cancel()
      resting?.()
      for (const track of microphone?.getTracks() ?? []) track.stop()
      microphone = undefined
      voices.set([])
      await Promise.all([mesh.stop(), carriage.stop()])
    },
  }
}
