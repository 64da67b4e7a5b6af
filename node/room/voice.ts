import type { MemberId } from '../../protocol/ids.ts'
import type { Mesh, WantedLink } from '../mesh/mesh.ts'
import { Observed } from '../observed.ts'
import type { Clock } from '../ports/clock.ts'
import type { RemoteVoice } from '../view.ts'

/** How often levels are looked at, in milliseconds: a ring that follows a voice. */
const LEVELS = 150
/** RFC 6464 counts from -127 to 0 dBov; speech in a quiet room is well above -45, its background below. Linear, 0 to 1. */
const SPEECH_LEVEL = 10 ** (-45 / 20)
/** A ring that goes out between two words would flicker. Milliseconds. */
const SPEECH_HOLD = 400

/** The voices of a room, ours and the others', as far as sound goes: who may be heard is decided elsewhere and given to `update`. */
export interface RoomVoice {
  readonly voices: Observed<readonly RemoteVoice[]>
  /** Members whose speech is heard right now. */
  readonly heard: Observed<ReadonlySet<MemberId>>
  readonly links: Mesh['links']
  readonly hasMicrophone: boolean
  /** Takes a microphone; the one before is stopped, so that its light goes out. */
  setMicrophone(stream: MediaStream | undefined): void
  setOpen(open: boolean): void
  /** @param audible those whose voice may be played */
  update(wanted: readonly WantedLink[], audible: ReadonlySet<MemberId>): void
  stop(): Promise<void>
}

export function createVoice(mesh: Mesh, clock: Clock): RoomVoice {
  const voices = new Observed<readonly RemoteVoice[]>([])
  const heard = new Observed<ReadonlySet<MemberId>>(new Set())
  const lastHeard = new Map<MemberId, number>()
  let microphone: MediaStream | undefined
  let allowed: ReadonlySet<MemberId> = new Set()

  function expose(): void {
    const next = mesh.links.value.flatMap(({ member, stream }) =>
      stream && allowed.has(member) ? [{ member, stream }] : [],
    )
    const same =
      next.length === voices.value.length &&
      next.every((voice, i) => voices.value[i]?.stream === voice.stream)
    if (!same) voices.set(next)
  }

  async function listen(): Promise<void> {
    const now = clock.now()
    const levels = await mesh.levels()
    for (const { peer, member } of mesh.links.value) {
      if ((levels.get(peer) ?? 0) >= SPEECH_LEVEL && allowed.has(member)) lastHeard.set(member, now)
    }
    const next = new Set([...lastHeard].filter(([, at]) => now - at <= SPEECH_HOLD).map(([member]) => member))
    if (next.size !== heard.value.size || [...next].some((member) => !heard.value.has(member)))
      heard.set(next)
  }

  let listening = false
  const cancels = [
    mesh.links.subscribe(expose),
    clock.every(LEVELS, () => {
      if (listening || mesh.links.value.length === 0) return
      listening = true
      void listen().finally(() => {
        listening = false
      })
    }),
  ]

  return {
    voices,
    heard,
    links: mesh.links,
    get hasMicrophone() {
      return microphone !== undefined
    },
    setMicrophone(stream) {
      for (const track of microphone?.getTracks() ?? []) track.stop()
      microphone = stream
      mesh.setMicrophone(stream?.getAudioTracks()[0])
    },
    setOpen(open) {
      for (const track of microphone?.getAudioTracks() ?? []) track.enabled = open
    },
    update(wanted, audible) {
      allowed = audible
      mesh.update(wanted)
      expose()
    },
    async stop() {
      for (const cancel of cancels) cancel()
      for (const track of microphone?.getTracks() ?? []) track.stop()
      microphone = undefined
      voices.set([])
      await mesh.stop()
    },
  }
}
