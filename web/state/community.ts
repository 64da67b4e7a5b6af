import type { PeerErrorCode } from '../../node/errors.ts'
import type { NoticedAlarm } from '../../node/ledger/alarm.ts'
import type { Reading } from '../../node/ledger/ledger.ts'
import type { LogStanding } from '../../node/ledger/standing.ts'
import type { SlotView } from '../../node/people/view.ts'
import type { CommunityView, MemberView, Peer, RelayState, RoomListing } from '../../node/view.ts'
import type { MemberId } from '../../protocol/ids.ts'
import { Watched } from './watched.ts'

/** The community as a member sees it. */
export class Community {
  readonly peer: Peer
  readonly #about: Watched<CommunityView>
  readonly #members: Watched<readonly MemberView[]>
  readonly #slots: Watched<readonly SlotView[]>
  readonly #rooms: Watched<readonly RoomListing[]>
  readonly #relay: Watched<RelayState>
  readonly #refused: Watched<PeerErrorCode | undefined>
  readonly #reading: Watched<Reading | undefined>
  readonly #alarms: Watched<readonly NoticedAlarm[]>
  readonly #logStanding: Watched<LogStanding>

  constructor(peer: Peer) {
    this.peer = peer
    this.#about = new Watched(peer.community)
    this.#members = new Watched(peer.members)
    this.#slots = new Watched(peer.slots)
    this.#rooms = new Watched(peer.rooms)
    this.#relay = new Watched(peer.relay)
    this.#refused = new Watched(peer.refused)
    this.#reading = new Watched(peer.reading)
    this.#alarms = new Watched(peer.alarms)
    this.#logStanding = new Watched(peer.logStanding)
  }

  get about(): CommunityView {
    return this.#about.value
  }

  get members(): readonly MemberView[] {
    return this.#members.value
  }

  get slots(): readonly SlotView[] {
    return this.#slots.value
  }

  get rooms(): readonly RoomListing[] {
    return this.#rooms.value
  }

  get relay(): RelayState {
    return this.#relay.value
  }

  get refused(): PeerErrorCode | undefined {
    return this.#refused.value
  }

  /** While the ledger is being read. */
  get reading(): Reading | undefined {
    return this.#reading.value
  }

  /** What whoever keeps the ledger did wrong, the first first. */
  get alarms(): readonly NoticedAlarm[] {
    return this.#alarms.value
  }

  /** The relay has less of the ledger than this device. */
  get isLogBehind(): boolean {
    return this.#logStanding.value === 'behind'
  }

  get freeInvitations(): number {
    return this.slots.filter((slot) => slot.state === 'free').length
  }

  member(id: MemberId): MemberView | undefined {
    return this.members.find((member) => member.id === id)
  }
}
