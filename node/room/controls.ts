import type { MemberId } from '../../protocol/ids.ts'
import { MAX_TITLE_CHARS } from '../../protocol/limits.ts'
import { LEVEL } from '../../protocol/room/level.ts'
import { LINK, MAX_NOTE_CHARS, type Settings } from '../../protocol/room/operation.ts'
import { onStage } from '../../protocol/room/state.ts'
import { isLine } from '../../protocol/schema.ts'
import { PeerError } from '../errors.ts'
import type { Observable } from '../observed.ts'
import { type Clock, second } from '../ports/clock.ts'
import type { RoomChange, RoomSession, RoomView } from '../view.ts'
import type { Announcer } from './announcer.ts'
import type { Attendance } from './attendance.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import { isInside, type Lifecycle } from './lifecycle.ts'
import type { RoomLog } from './log.ts'
import { giveBack, type Microphone } from './microphone.ts'
import type { RoomVoice } from './voice.ts'
import type { Write } from './writer.ts'

export interface ControlsParts {
  readonly me: MemberId
  readonly view: Observable<RoomView>
  readonly voice: Pick<RoomVoice, 'voices'>
  readonly log: RoomLog
  readonly write: Write
  readonly attendance: Attendance
  readonly door: Pick<Doorkeeper, 'isOut'>
  readonly microphone: Microphone
  readonly announcer: Announcer
  readonly clock: Clock
  readonly lifecycle: () => Lifecycle
  readonly redraw: () => void
  readonly leave: () => Promise<void>
}

/** What a person can do in a room. */
export function createControls(parts: ControlsParts): RoomSession {
  const { me, view, voice, log, write, attendance, door, microphone, announcer, clock, leave } = parts
  const { lifecycle, redraw } = parts

  /** @throws PeerError `not-allowed` where nothing was offered */
  async function accept(): Promise<void> {
    const offer = log.state.offers.get(me)
    if (!offer) throw new PeerError('not-allowed')
    await write({ k: 'accept', ref: offer.grant })
  }

  return {
    view,
    voices: voice.voices,
    async raiseHand(up) {
      if (lifecycle() === 'left' || onStage(log.state, me)) return
      if (up && (log.state.settings.hands === 'nobody' || door.isOut(me))) throw new PeerError('not-allowed')
      attendance.show({ hand: up ? attendance.own.hand || second(clock) : 0 })
      redraw()
    },
    async react(kind) {
      if (!isInside(lifecycle())) throw new PeerError('room-gone')
      attendance.react(kind)
      redraw()
    },
    offerStage: (member) => write({ k: 'grant', to: member, level: LEVEL.speaker }),
    async acceptStage(stream) {
      for (const track of stream.getAudioTracks()) track.enabled = false
      try {
        await accept()
      } catch (error) {
        giveBack(stream)
        throw error
      }
      microphone.hold(stream)
    },
    declineStage: () => write({ k: 'lower', to: me }),
    acceptOffer: accept,
    offerLevel: (member, level) =>
      write(level === LEVEL.successor ? { k: 'hand', to: member } : { k: 'grant', to: member, level }),
    removeMember: (member, why, note) => write({ k: 'remove', to: member, why, ...noted(note) }),
    banMember: (member, why, note) => write({ k: 'ban', to: member, why, ...noted(note) }),
    async letIn(members) {
      await write(...members.map((to) => ({ k: 'admit', to }) as const))
      void announcer.announce()
    },
    shutOut: (member) => write({ k: 'revoke', to: member }),
    unbanMember: (member) => write({ k: 'unban', to: member }),
    setLocked: (locked) => write({ k: locked ? 'lock' : 'unlock' }),
    async changeRoom(change) {
      await write({ k: 'set', ...settingsIn(change) })
    },
    async setMicrophone(stream) {
      microphone.hold(stream)
    },
    async setMuted(wish) {
      microphone.setMuted(wish)
    },
    setSpeaking: (speaks) => microphone.setSpeaking(speaks),
    muteMember: (member) => write({ k: 'mute', to: member }),
    unmuteMember: (member) => write({ k: 'unmute', to: member }),
    muteMembers: (members) => write(...members.map((to) => ({ k: 'mute', to }) as const)),
    unmuteMembers: (members) => write(...members.map((to) => ({ k: 'unmute', to }) as const)),
    removeFromStage: (member) => write({ k: 'lower', to: member }),
    stepDown: () => write({ k: 'lower', to: me }),
    leave,
    async end() {
      await write({ k: 'end' })
      await announcer.announce()
    },
  }
}

/** What a person typed as they meant it. @throws PeerError `title-invalid` */
function settingsIn({ title, link, hands }: RoomChange): Settings {
  const tidy = title?.normalize('NFC').replace(/\s+/g, ' ').trim()
  if (tidy !== undefined && !isLine(tidy, MAX_TITLE_CHARS)) throw new PeerError('title-invalid')
  if (link !== undefined && !LINK.test(link)) throw new PeerError('link-invalid')
  return {
    ...(tidy === undefined ? {} : { title: tidy }),
    ...(link === undefined ? {} : { link }),
    ...(hands === undefined ? {} : { hands }),
  }
}

/** Words beside a reason; what cannot stand in a room is left out. */
function noted(note: string | undefined): { readonly note?: string } {
  const tidy = note?.normalize('NFC').replace(/\s+/g, ' ').trim().slice(0, MAX_NOTE_CHARS).trim()
  return tidy !== undefined && isLine(tidy, MAX_NOTE_CHARS) ? { note: tidy } : {}
}
