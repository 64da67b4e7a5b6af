import { PeerError, type PeerErrorCode } from '../../node/errors.ts'
import { Observed } from '../../node/observed.ts'
import type { DecisionView, NoticeView, Right, SlotView } from '../../node/people/view.ts'
import type {
  CommunityView,
  Door,
  InvitationView,
  Level,
  MemberView,
  NewIdentity,
  NewRoom,
  ParticipantView,
  Peer,
  RelayState,
  RemoteVoice,
  RoomListing,
  RoomSession,
  RoomView,
} from '../../node/view.ts'
import type { CommunityId, MemberId, RoomId, StatementId } from '../../protocol/ids.ts'
import { type FakeMember, FakePeople, manyMembers } from './fake-people.ts'

/** 23:00 UTC, 15 November 2026: every time of the village is counted from it. */
export const VILLAGE_TIME = Date.UTC(2026, 10, 15, 23)
const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE

/** The one token and the invitation codes that the village knows. */
export const FOUNDING_TOKEN = 'sow-the-seed'
export const INVITATION = 'come-in'
const REFUSED_CODES: Readonly<Record<string, PeerErrorCode>> = {
  expired: 'invitation-expired',
  used: 'invitation-used',
  foreign: 'invitation-foreign',
  unknown: 'invitation-unknown',
}

const WORDS =
  'village acoustic shade lamp river story elder breeze circle morning listen carpet harvest orange bridge mango window lunar gentle ocean seed thunder velvet welcome'

/** A text id from a word: 43 characters whose last has no spare bits, as `parseId` wants. */
export function idFrom<T extends string>(word: string): T {
  return `${word.replaceAll(/[^a-z0-9]/gi, '')}${'A'.repeat(43)}`.slice(0, 42).concat('A') as T
}

export interface FakePerson {
  readonly id: MemberId
  readonly name: string | undefined
  readonly sponsor: MemberId | undefined
  readonly since: number
}

function person(name: string, sponsor: MemberId | undefined, daysAgo: number): FakePerson {
  return { id: idFrom<MemberId>(`${name}x${daysAgo}`), name, sponsor, since: VILLAGE_TIME - daysAgo * DAY }
}

const AMA = person('Ama Mensah', undefined, 64)
const JEAN = person('Jean-Baptiste Kouassi', AMA.id, 60)
const NADIA = person('Nadia', AMA.id, 41)
const KOFI = person('Kofi', JEAN.id, 22)
const LEA = person('Léa Fontaine', NADIA.id, 9)
const UNNAMED: FakePerson = { ...person('x', KOFI.id, 2), name: undefined }
/** Those who already live in the village. */
export const VILLAGERS = { AMA, JEAN, NADIA, KOFI, LEA, UNNAMED } as const

/** Those who came in and are members no more, or not quite. */
const GASPARD: FakeMember = { ...person('Gaspard', KOFI.id, 18), standing: 'banned' }
const ROSE: FakeMember = { ...person('Rose', GASPARD.id, 14), standing: 'cut' }
const OUSMANE: FakeMember = { ...person('Ousmane', NADIA.id, 30), standing: 'left' }

/** What was decided in the village, newest first. */
const DECISIONS: readonly DecisionView[] = [
  { index: 41, at: VILLAGE_TIME - 2 * DAY, what: 'ban', member: GASPARD.id, why: 'spam', cuts: true },
  { index: 38, at: VILLAGE_TIME - 4 * DAY, what: 'notice', member: GASPARD.id, why: 'spam' },
  { index: 31, at: VILLAGE_TIME - 9 * DAY, what: 'leaked', sponsor: NADIA.id },
  { index: 24, at: VILLAGE_TIME - 12 * DAY, what: 'left', member: OUSMANE.id },
  { index: 20, at: VILLAGE_TIME - 15 * DAY, what: 'certified', member: NADIA.id, by: AMA.id },
  { index: 12, at: VILLAGE_TIME - 40 * DAY, what: 'stewards', members: [AMA.id, JEAN.id] },
]

/** What may be told to somebody of the village. */
export const NOTICES: readonly NoticeView[] = [
  {
    what: 'notice',
    member: LEA.id,
    me: false,
    at: VILLAGE_TIME - DAY / 4,
    charged: VILLAGE_TIME + (3 * DAY) / 4,
  },
  { what: 'leaked', guest: UNNAMED.id, undo: VILLAGE_TIME + DAY / 2 },
]

/** How a village stands when the app opens. */
export interface VillageOptions {
  /** `nobody`: this browser is outside; `founder`: a community of one; `member`: among others. */
  readonly as: 'nobody' | 'founder' | 'member'
  readonly founded: boolean
  readonly rooms: boolean
  /** What `resume` fails with. */
  readonly failing: PeerErrorCode | undefined
  readonly me: string
  /** A larger community instead, of so many. */
  readonly members: number | undefined
  readonly notices: readonly NoticeView[]
  /** What I may do about others. */
  readonly rights: readonly Right[]
  /** One key of the council is enough. */
  readonly alone: boolean
}

const DEFAULTS: VillageOptions = {
  as: 'member',
  founded: true,
  rooms: true,
  failing: undefined,
  me: 'Awa',
  members: undefined,
  notices: [],
  rights: ['vouch'],
  alone: true,
}

/** A change of one participant. */
type Change = Partial<Omit<ParticipantView, 'member' | 'name' | 'me'>>

/** One room in memory: the session that the app holds, and the doings of the others in it. */
export class FakeRoom implements RoomSession {
  readonly view: Observed<RoomView>
  readonly voices = new Observed<readonly RemoteVoice[]>([])
  /** Microphones that were given to the room, for tests of when one is asked for. */
  readonly microphones: MediaStream[] = []
  readonly #gone: (room: RoomId) => void

  constructor(view: RoomView, gone: (room: RoomId) => void) {
    this.view = new Observed(view)
    this.#gone = gone
    this.#settle(view.people)
  }

  get #me(): MemberId {
    return this.view.value.me.member
  }

  /** Somebody comes in. */
  enter(who: FakePerson, change: Change = {}): void {
    this.#settle([...this.view.value.people, participant(who, false, change)])
  }

  exit(member: MemberId): void {
    this.#settle(this.view.value.people.filter((one) => one.member !== member))
  }

  speak(member: MemberId, speaking: boolean): void {
    this.change(member, { speaking })
  }

  relay(relay: RelayState): void {
    this.view.set({ ...this.view.value, relay })
  }

  /** The host, or the network, ends it. */
  over(): void {
    this.view.set({ ...this.view.value, status: 'ended', people: [this.view.value.me] })
    this.voices.set([])
    this.#gone(this.view.value.id)
  }

  change(member: MemberId, change: Change): void {
    this.#settle(this.view.value.people.map((one) => (one.member === member ? { ...one, ...change } : one)))
  }

  async raiseHand(up: boolean): Promise<void> {
    this.hand(this.#me, up)
  }

  hand(member: MemberId, up: boolean): void {
    const last = Math.max(0, ...this.view.value.people.map((one) => one.hand ?? 0))
    this.change(member, { hand: up ? last + 1 : undefined })
  }

  async offerStage(member: MemberId): Promise<void> {
    this.#guard(member)
    this.change(member, { offered: true })
  }

  /** Somebody else answers the offer that was made to them. */
  answer(member: MemberId, yes: boolean): void {
    this.change(member, yes ? ON_STAGE : { offered: false, hand: undefined })
  }

  async acceptStage(microphone: MediaStream): Promise<void> {
    if (!this.view.value.me.offered) throw new PeerError('not-allowed')
    this.microphones.push(microphone)
    this.change(this.#me, ON_STAGE)
  }

  async declineStage(): Promise<void> {
    this.answer(this.#me, false)
  }

  async setMicrophone(microphone: MediaStream | undefined): Promise<void> {
    if (microphone !== undefined) this.microphones.push(microphone)
  }

  async setMuted(muted: boolean): Promise<void> {
    if (this.view.value.me.mutedByModerator) throw new PeerError('not-allowed')
    this.change(this.#me, { muted, speaking: false })
  }

  setSpeaking(speaking: boolean): void {
    this.change(this.#me, { speaking })
  }

  async muteMember(member: MemberId): Promise<void> {
    this.#guard(member)
    this.change(member, { muted: true, mutedByModerator: true, speaking: false })
  }

  async unmuteMember(member: MemberId): Promise<void> {
    this.#guard(member)
    this.change(member, { mutedByModerator: false })
  }

  async removeFromStage(member: MemberId): Promise<void> {
    this.#guard(member)
    this.change(member, OFF_STAGE)
  }

  async stepDown(): Promise<void> {
    this.change(this.#me, OFF_STAGE)
  }

  async leave(): Promise<void> {
    this.view.set({ ...this.view.value, status: 'left' })
    this.voices.set([])
  }

  async end(): Promise<void> {
    if (this.view.value.host !== this.#me) throw new PeerError('not-allowed')
    this.over()
  }

  /** Moderators act on those below them (SPEC, chapter on the room's levels). */
  #guard(member: MemberId): void {
    const { me, people } = this.view.value
    const target = people.find((one) => one.member === member)
    if (target === undefined || me.level < 60 || target.level >= me.level) throw new PeerError('not-allowed')
  }

  /** Puts the view and the voices in order after a change: stage by level first, hands numbered from 1, one voice per other on stage. */
  #settle(people: readonly ParticipantView[]): void {
    const queue = people
      .filter((one) => one.hand !== undefined)
      .toSorted((a, b) => (a.hand ?? 0) - (b.hand ?? 0))
    const place = new Map(queue.map((one, index) => [one.member, index + 1]))
    const settled = people
      .map((one) => ({ ...one, hand: place.get(one.member) }))
      .toSorted((a, b) => Number(b.onStage) - Number(a.onStage) || b.level - a.level)
    const me = settled.find((one) => one.me) ?? this.view.value.me
    this.view.set({ ...this.view.value, people: settled, me })
    if (typeof MediaStream === 'undefined') return
    const known = new Map(this.voices.value.map((voice) => [voice.member, voice.stream]))
    this.voices.set(
      settled
        .filter((one) => one.onStage && !one.me)
        .map(({ member }) => ({ member, stream: known.get(member) ?? new MediaStream() })),
    )
  }
}

const ON_STAGE: Change = { level: 20, onStage: true, offered: false, hand: undefined, muted: true }
const OFF_STAGE: Change = {
  level: 0,
  onStage: false,
  offered: false,
  muted: true,
  mutedByModerator: false,
  speaking: false,
}

/** Somebody in a room, listening unless told otherwise. */
export function participant(who: FakePerson, me: boolean, change: Change = {}): ParticipantView {
  return {
    member: who.id,
    name: who.name,
    me,
    level: 0,
    onStage: false,
    offered: false,
    hand: undefined,
    muted: true,
    mutedByModerator: false,
    speaking: false,
    link: 'none',
    ...change,
  }
}

interface Announced {
  readonly listing: RoomListing
  readonly people: readonly { readonly who: FakePerson; readonly change: Change }[]
}

const HOST: Change = { level: 100, onStage: true, muted: false, link: 'connected' }
const SPEAKER: Change = { level: 20, onStage: true, muted: false, link: 'connected' }
const MODERATOR: Change = { level: 80 as Level, onStage: true, link: 'connected' }

function announce(word: string, room: NewRoom, minutesAgo: number, people: Announced['people']): Announced {
  const host = people[0]?.who ?? AMA
  return {
    listing: {
      ...room,
      id: idFrom<RoomId>(word),
      host: host.id,
      hostName: host.name,
      opened: VILLAGE_TIME - minutesAgo * MINUTE,
      people: people.length,
      here: people.map(({ who, change }) => ({
        member: who.id,
        name: who.name,
        speaker: change.onStage === true,
      })),
    },
    people,
  }
}

/** The room that most tests look at. */
export const GARDENS = idFrom<RoomId>('gardens')
const ROOMS: readonly Announced[] = [
  announce(
    'gardens',
    { title: 'Jardins partagés : par où commencer ?', topics: ['jardin', 'quartier'], language: 'fr' },
    12,
    [
      { who: AMA, change: { ...HOST, speaking: true } },
      { who: NADIA, change: MODERATOR },
      { who: KOFI, change: SPEAKER },
      { who: JEAN, change: {} },
      { who: LEA, change: {} },
      { who: UNNAMED, change: {} },
    ],
  ),
  announce('night', { title: 'Stories before sleep', topics: ['stories'], language: 'en' }, 95, [
    { who: JEAN, change: HOST },
    { who: LEA, change: SPEAKER },
  ]),
]

/**
 * A village in memory that stands behind the app instead of a network: a `Door` that keeps its promises, and what the other people
 * do, as methods. Ids and times are fixed, so that two runs draw the same picture.
 */
export class FakeVillage implements Door {
  readonly #options: VillageOptions
  readonly #me: FakePerson
  #announced: readonly Announced[]
  #founded: boolean
  readonly relay = new Observed<RelayState>('connected')
  readonly refused = new Observed<PeerErrorCode | undefined>(undefined)
  readonly rooms: Observed<readonly RoomListing[]>
  readonly members: Observed<readonly MemberView[]>
  readonly slots: Observed<readonly SlotView[]>
  readonly community: Observed<CommunityView>
  /** What `resume` fails with, until it is cleared. */
  failing: PeerErrorCode | undefined
  /** The room that the app joined last. */
  room: FakeRoom | undefined
  /** What the screens about people draw, once they were asked for. */
  people: FakePeople | undefined

  constructor(options: Partial<VillageOptions> = {}) {
    this.#options = { ...DEFAULTS, ...options }
    this.#founded = this.#options.founded
    this.failing = this.#options.failing
    const alone = this.#options.as === 'founder'
    this.#me = person(this.#options.me, alone ? undefined : AMA.id, 3)
    this.#announced = this.#options.rooms && !alone ? ROOMS : []
    this.rooms = new Observed<readonly RoomListing[]>(this.#announced.map(({ listing }) => listing))
    this.members = new Observed<readonly MemberView[]>(
      alone ? [memberOf(this.#me)] : [...Object.values(VILLAGERS), this.#me].map(memberOf),
    )
    this.slots = new Observed<readonly SlotView[]>([
      { slot: 1, state: 'free' },
      { slot: 2, state: 'free' },
    ])
    this.community = new Observed({
      id: idFrom<CommunityId>('village'),
      name: 'Sous le manguier',
      founded: VILLAGE_TIME - 64 * DAY,
      members: this.members.value.length,
    })
  }

  async site(): Promise<{ readonly founded: boolean }> {
    return { founded: this.#founded }
  }

  async resume(): Promise<Peer | undefined> {
    if (this.failing !== undefined) throw new PeerError(this.failing)
    return this.#options.as === 'nobody' ? undefined : this.#peer(this.#me)
  }

  async newIdentity(): Promise<NewIdentity> {
    return { phrase: WORDS.split(' ') }
  }

  async found(founding: {
    token: string
    community: string
    name: string
    identity: NewIdentity
  }): Promise<Peer> {
    if (founding.token !== FOUNDING_TOKEN) throw new PeerError('founding-token')
    if (this.#founded) throw new PeerError('already-founded')
    this.#founded = true
    const founder = { ...this.#me, name: founding.name, sponsor: undefined }
    this.#announced = []
    this.rooms.set([])
    this.members.set([memberOf(founder)])
    this.community.set({
      ...this.community.value,
      name: founding.community,
      founded: VILLAGE_TIME,
      members: 1,
    })
    return this.#peer(founder)
  }

  async readInvitation(code: string): Promise<InvitationView> {
    if (code !== INVITATION) throw new PeerError(REFUSED_CODES[code] ?? 'invitation-damaged')
    return { community: this.community.value, sponsor: memberOf(AMA), expires: VILLAGE_TIME + 7 * DAY }
  }

  async join(joining: { code: string; name: string; identity: NewIdentity }): Promise<Peer> {
    if (joining.code !== INVITATION) throw new PeerError('invitation-used')
    if (joining.name.length > 40) throw new PeerError('name-invalid')
    const newcomer = { ...this.#me, name: joining.name, sponsor: AMA.id }
    this.members.set([...Object.values(VILLAGERS), newcomer].map(memberOf))
    return this.#peer(newcomer)
  }

  /** Opens an invitation as its guest would, in another browser. */
  useInvitation(slot: number, guest: FakePerson, leaked = false): void {
    if (!this.members.value.some(({ id }) => id === guest.id))
      this.members.set([...this.members.value, memberOf(guest)])
    const invitation = invitationOf(slot)
    this.#setSlot({ slot, state: 'used', invitation, guest: guest.id, undo: VILLAGE_TIME + DAY / 2, leaked })
  }

  /** A guest was banned, and other invitations have to wait. */
  keepBack(): void {
    const people = this.people
    if (people === undefined) throw new TypeError('nobody looks at the invitations')
    const from = VILLAGE_TIME + 20 * DAY
    people.invitations.set({
      ...people.invitations.value,
      slots: [
        { slot: 0, state: 'immature', from },
        { slot: 1, state: 'withheld', from },
        { slot: 2, state: 'paused', from },
      ],
      maturity: { state: 'waiting', joined: VILLAGE_TIME - 3 * DAY, from, needs: 'either', heard: false },
      points: 12,
      charges: [{ guest: UNNAMED.id, at: VILLAGE_TIME - DAY, points: 9 }],
      relief: from,
      claim: { ...people.invitations.value.claim, from },
    })
  }

  #setSlot(slot: SlotView): void {
    this.slots.set(this.slots.value.map((one) => (one.slot === slot.slot ? slot : one)))
    this.people?.setSlots(this.slots.value)
  }

  #peopleOf(me: FakePerson): FakePeople {
    const { members, notices, rights, alone } = this.#options
    const others: readonly FakeMember[] =
      members === undefined
        ? [AMA, JEAN, { ...NADIA, certified: true }, OUSMANE, KOFI, GASPARD, ROSE, LEA, UNNAMED]
        : manyMembers(members - 1, VILLAGE_TIME, idFrom)
    const founder = others[0] as FakeMember
    const everybody =
      this.#options.as === 'founder'
        ? [me]
        : [...others, members === undefined ? me : { ...me, sponsor: founder.id }]
    return new FakePeople(
      {
        members: everybody,
        me: me.id,
        now: VILLAGE_TIME,
        phrase: WORDS,
        decisions: this.#options.as === 'founder' ? [] : DECISIONS,
        notices,
        rights,
        alone,
      },
      this.slots.value,
    )
  }

  #peer(me: FakePerson): Peer {
    return {
      me: memberOf(me),
      community: this.community,
      members: this.members,
      slots: this.slots,
      rooms: this.rooms,
      relay: this.relay,
      refused: this.refused,
      alarms: new Observed([]),
      logStanding: new Observed('current'),
      finalSize: new Observed(0),
      invite: async () => {
        const free = this.slots.value.find(({ state }) => state === 'free')
        if (free === undefined) throw new PeerError('no-free-slot')
        const expires = VILLAGE_TIME + 14 * DAY
        const link = `https://palabre.example/#/i/${idFrom<string>(`seed${free.slot}`)}${idFrom<string>('community')}`
        this.#setSlot({
          slot: free.slot,
          state: 'pending',
          invitation: invitationOf(free.slot),
          link,
          expires,
        })
        return { link, slot: free.slot, expires }
      },
      people: async () => {
        this.people ??= this.#peopleOf(me)
        return this.people
      },
      openRoom: async (room) => {
        if (room.title.length > 120) throw new PeerError('title-invalid')
        const announced = announce(`opened${this.#announced.length}`, room, 0, [{ who: me, change: HOST }])
        this.#announced = [announced, ...this.#announced]
        this.rooms.set(this.#announced.map(({ listing }) => listing))
        return this.#session(announced, me, [participant(me, true, { ...HOST, muted: true, link: 'none' })])
      },
      joinRoom: async (id) => {
        const announced = this.#announced.find(({ listing }) => listing.id === id)
        if (announced === undefined) throw new PeerError('room-gone')
        const others = announced.people.filter(({ who }) => who.id !== me.id)
        return this.#session(announced, me, [
          ...others.map(({ who, change }) => participant(who, false, change)),
          participant(me, true),
        ])
      },
      stop: async () => {},
    }
  }

  #session({ listing }: Announced, me: FakePerson, people: readonly ParticipantView[]): FakeRoom {
    const view: RoomView = {
      id: listing.id,
      title: listing.title,
      topics: listing.topics,
      language: listing.language,
      host: listing.host,
      status: 'open',
      me: people.find((one) => one.me) ?? participant(me, true),
      people,
      relay: this.relay.value,
    }
    this.room = new FakeRoom(view, (room) => {
      this.#announced = this.#announced.filter(({ listing }) => listing.id !== room)
      this.rooms.set(this.#announced.map(({ listing }) => listing))
    })
    return this.room
  }
}

function invitationOf(slot: number): StatementId {
  return idFrom<StatementId>(`invitation${slot}`)
}

function memberOf(who: FakePerson): MemberView {
  return {
    id: who.id,
    name: who.name,
    founder: who.sponsor === undefined,
    sponsor: who.sponsor,
    since: who.since,
  }
}
