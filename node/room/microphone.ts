import type { MemberId } from '../../protocol/ids.ts'
import { onStage } from '../../protocol/room/state.ts'
import { PeerError } from '../errors.ts'
import type { RoomLog } from './log.ts'
import type { RoomVoice } from './voice.ts'

export interface MicrophoneParts {
  readonly me: MemberId
  readonly log: RoomLog
  readonly voice: RoomVoice
  /** Nobody speaks in this room any more, or not this member. */
  readonly isOver: () => boolean
  /** It is open, closed or gone, or somebody speaks into it. */
  readonly onChange: () => void
}

/** The person's own microphone in a room. */
export interface Microphone {
  readonly isMuted: boolean
  readonly isSpeaking: boolean
  /** Takes one, closed. One that may not speak here is given back at once. @throws PeerError `room-gone`, `not-allowed` */
  hold(stream: MediaStream | undefined): void
  /** @throws PeerError `not-allowed`, `microphone-missing` */
  setMuted(wish: boolean): void
  setSpeaking(speaks: boolean): void
  /** What is known is another. @param isMine this member is on the stage: if not, the microphone is given back */
  settle(isMine: boolean): void
}

export function createMicrophone({ me, log, voice, isOver, onChange }: MicrophoneParts): Microphone {
  let muted = true
  let speaking = false

  return {
    get isMuted() {
      return muted
    },
    get isSpeaking() {
      return speaking
    },
    hold(stream) {
      if (stream && (isOver() || !onStage(log.state, me))) {
        giveBack(stream)
        throw new PeerError(isOver() ? 'room-gone' : 'not-allowed')
      }
      muted = true
      for (const track of stream?.getAudioTracks() ?? []) track.enabled = false
      voice.setMicrophone(stream)
      onChange()
    },
    setMuted(wish) {
      if (!wish) {
        if (!onStage(log.state, me) || log.state.muted.has(me)) throw new PeerError('not-allowed')
        if (!voice.hasMicrophone) throw new PeerError('microphone-missing')
      }
      muted = wish
      onChange()
    },
    setSpeaking(speaks) {
      const next = speaks && !muted
      if (next === speaking) return
      speaking = next
      onChange()
    },
    settle(isMine) {
      if (!isMine && voice.hasMicrophone) voice.setMicrophone(undefined)
      if (!isMine || !voice.hasMicrophone || log.state.muted.has(me)) {
        muted = true
        speaking = false
      }
      voice.setOpen(!muted)
    },
  }
}

/** Its light goes out. */
export function giveBack(microphone: MediaStream): void {
  for (const track of microphone.getTracks()) track.stop()
}
