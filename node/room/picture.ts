import type { Envelope } from '../../protocol/envelope.ts'
import type { MemberId, RoomId } from '../../protocol/ids.ts'
import type { Room } from '../../protocol/room/opening.ts'
import { leaderOf } from '../../protocol/room/state.ts'
import type { Judging } from '../gossip/received.ts'
import type { Observable } from '../observed.ts'
import type { OutView, ParticipantView, RelayState, RoomView } from '../view.ts'
import type { Agreement } from './agreement.ts'
import type { Attendance } from './attendance.ts'
import type { Carriage } from './carriage.ts'
import type { Comeback } from './comeback.ts'
import { powersOf } from './deeds.ts'
import type { Doorkeeper } from './doorkeeper.ts'
import { type Lifecycle, statusOf } from './lifecycle.ts'
import type { RoomLog } from './log.ts'
import type { Microphone } from './microphone.ts'
import type { Places } from './places.ts'
import type { Roads } from './roads.ts'
import { isOpenIn } from './stage-statements.ts'
import { guestsOf, peopleOf, recordOf } from './view.ts'
import type { RoomVoice } from './voice.ts'

/** What is known of a private room that does not let us in. */
const NOT_LET_IN: OutView = { by: 'private', why: undefined, note: undefined, until: undefined }

export interface PictureParts {
  readonly me: MemberId
  readonly opening: Envelope<Room>
  readonly judging: Pick<Judging, 'membership'>
  readonly log: RoomLog
  readonly attendance: Attendance
  readonly agreement: Pick<Agreement, 'differing'>
  readonly door: Pick<Doorkeeper, 'isOut' | 'why'>
  readonly voice: Pick<RoomVoice, 'heard' | 'links'>
  readonly microphone: Pick<Microphone, 'isSpeaking'>
  readonly carriage: Pick<Carriage, 'view' | 'apart' | 'cutOff'>
  readonly roads: Observable<Roads>
  readonly places: Pick<Places, 'away'>
  readonly comeback: Pick<Comeback, 'missed'>
  readonly relay: Observable<RelayState>
  readonly names: Observable<(member: MemberId) => string | undefined>
  readonly blocked: Observable<ReadonlySet<MemberId>>
  readonly lifecycle: () => Lifecycle
}

/** What a person is shown of a room. */
export interface Picture {
  /** Everybody present as last drawn, also whom this member blocked: the others go by all of them, and so must what we tell. */
  readonly everybody: readonly ParticipantView[]
  draw(): RoomView
}

export function createPicture(parts: PictureParts): Picture {
  const { me, opening, judging, log, attendance, agreement, door, voice, microphone } = parts
  const { carriage, places, comeback, roads, relay, names, blocked, lifecycle } = parts
  const id = opening.id as RoomId
  const { m: host, vis } = opening.payload
  const isPrivate = vis === 'private'
  let everybody: readonly ParticipantView[] = []

  function people(): readonly ParticipantView[] {
    const heard = new Set(voice.heard.value)
    if (microphone.isSpeaking) heard.add(me)
    return peopleOf({
      me,
      own: attendance.own,
      here: attendance.here(),
      state: log.state,
      links: voice.links.value,
      cutOff: carriage.cutOff.value,
      roads: roads.value.members,
      heard,
      reactions: attendance.reactions(),
      names: names.value,
      isOut: door.isOut,
    })
  }

  function away(): RoomView['away'] {
    const here = new Set(everybody.map(({ member }) => member))
    const isShown = (member: MemberId) =>
      !(here.has(member) || blocked.value.has(member) || door.isOut(member))
    return [...places.away].filter(isShown).map((member) => ({ member, name: names.value(member) }))
  }

  return {
    get everybody() {
      return everybody
    },
    draw() {
      everybody = people()
      const { state } = log
      const status = statusOf(lifecycle())
      const carrier = carriage.view.value
      const { title, topics, lang, link, hands } = state.settings
      const offer = state.offers.get(me)
      const mine = everybody.find((person) => person.me)
      if (!mine) throw new Error('this session is missing among those present')
      return {
        id,
        title,
        topics,
        language: lang,
        host,
        status,
        out: status === 'out' ? (door.why(me) ?? NOT_LET_IN) : undefined,
        leader: leaderOf(
          state,
          everybody.map(({ member }) => member),
        ),
        locked: state.locked,
        isPrivate,
        letIn: isPrivate ? guestsOf(state, names.value) : [],
        link,
        hands,
        offer: offer && { level: offer.level, by: offer.by },
        powers: powersOf(state, me),
        missed: comeback.missed,
        record: recordOf(state, me, names.value),
        differing: [...agreement.differing].map((member) => ({ member, name: names.value(member) })),
        me: mine,
        people: everybody.filter(({ member }) => !blocked.value.has(member)),
        away: away(),
        hidden: everybody
          .filter(({ member }) => blocked.value.has(member))
          .map(({ member, name }) => ({ member, name })),
        counts: !isPrivate && isOpenIn(judging.membership(), id, host),
        relay: relay.value,
        carrier: carrier && {
          relay: carrier.relay.name,
          listeners: carrier.listeners,
          whole: carrier.whole,
          quality: roads.value.relay,
        },
        apart: carriage.apart.value,
      }
    },
  }
}
