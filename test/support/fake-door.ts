import { PeerError, type PeerErrorCode } from '../../node/errors.ts'
import type { NoticedAlarm } from '../../node/ledger/alarm.ts'
import type { Reading } from '../../node/ledger/ledger.ts'
import type { LogStanding } from '../../node/ledger/standing.ts'
import { Observed } from '../../node/observed.ts'
import type { AppealView, MessageView } from '../../node/people/council-view.ts'
import type { DecisionView, NoticeView, Right, SlotView, WhyView } from '../../node/people/view.ts'
import type {
  CommunityView,
  Door,
  InvitationView,
  Level,
  MemberView,
  NewIdentity,
  NewRoom,
  OutView,
  ParticipantView,
  Peer,
  RelayState,
  RemoteVoice,
  RoomChange,
  RoomDecisionView,
  RoomDeed,
  RoomListing,
  RoomSession,
  RoomView,
} from '../../node/view.ts'
import type { CommunityId, MemberId, OperationId, RoomId, StatementId } from '../../protocol/ids.ts'
import type { ReactionKind } from '../../protocol/room/reaction.ts'
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

/** What the council of the village was told; nobody has typed their words yet. */
export const MESSAGES: readonly MessageView[] = [
  {
    id: idFrom<StatementId>('appealgaspard'),
    type: 'appeal',
    from: GASPARD.id,
    at: VILLAGE_TIME - DAY / 24,
    decision: {
      what: 'ban',
      member: GASPARD.id,
      why: 'abuse',
      at: (VILLAGE_TIME - DAY) / 1000,
      lifted: false,
    },
    fresh: true,
    content: 'sealed',
  },
  {
    id: idFrom<StatementId>('reportkofi'),
    type: 'report',
    from: NADIA.id,
    at: VILLAGE_TIME - 2 * DAY,
    decision: undefined,
    fresh: false,
    content: 'sealed',
  },
  {
    id: idFrom<StatementId>('reportlea'),
    type: 'report',
    from: LEA.id,
    at: VILLAGE_TIME - 3 * DAY,
    decision: undefined,
    fresh: false,
    content: 'broken',
  },
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
  /** The ledger is being read. */
  readonly reading: boolean
  /** What the council was told. */
  readonly messages: readonly MessageView[]
  /** What there is to appeal for me. */
  readonly appeal: AppealView
  /** This device hides its address. */
  readonly hidesAddress: boolean
}

const DEFAULTS: VillageOptions = {
  as: 'member',
  founded: true,
  rooms: true,
  failing: undefined,
  me: 'Awa',
  members: undefined,
  notices: [],
  hidesAddress: false,
  rights: ['vouch'],
  alone: true,
  reading: false,
  messages: [],
  appeal: { state: 'nothing' },
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
  #hidden: readonly ParticipantView[] = []

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

  /** The network loses somebody on the stage, whose place is kept. */
  lose(member: MemberId): void {
    const lost = this.view.value.people.find((one) => one.member === member)
    if (lost === undefined) throw new Error('they are not here')
    this.view.set({ ...this.view.value, away: [...this.view.value.away, { member, name: lost.name }] })
    this.exit(member)
  }

  /** They are back, in their place. */
  regain(who: FakePerson): void {
    const away = this.view.value.away.filter(({ member }) => member !== who.id)
    const people = [...this.view.value.people, participant(who, false, ON_STAGE)]
    this.view.set({ ...this.view.value, away, people })
    this.#settle(people)
  }

  /** I was away, and something happened to me. */
  miss(missed: RoomView['missed']): void {
    this.view.set({ ...this.view.value, missed })
  }

  /** Draws nobody of these, and those who were hidden before and are not any more. */
  hide(blocked: ReadonlySet<MemberId>): void {
    const everybody = [...this.view.value.people, ...this.#hidden]
    this.#hidden = everybody.filter(({ member }) => blocked.has(member))
    this.view.set({ ...this.view.value, hidden: this.#hidden.map(({ member, name }) => ({ member, name })) })
    this.#settle(everybody.filter(({ member }) => !blocked.has(member)))
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
    this.change(member, {
      hand: up ? last + 1 : undefined,
      handSince: up ? VILLAGE_TIME - 2 * MINUTE : undefined,
    })
  }

  async react(kind: ReactionKind): Promise<void> {
    this.change(this.#me, { reaction: kind })
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

  async muteMembers(members: readonly MemberId[]): Promise<void> {
    for (const member of members) await this.muteMember(member)
  }

  async unmuteMembers(members: readonly MemberId[]): Promise<void> {
    for (const member of members) await this.unmuteMember(member)
  }

  async removeFromStage(member: MemberId): Promise<void> {
    this.#guard(member)
    this.change(member, OFF_STAGE)
  }

  async stepDown(): Promise<void> {
    this.change(this.#me, OFF_STAGE)
  }

  async acceptOffer(): Promise<void> {
    const { offer } = this.view.value
    if (offer === undefined) throw new PeerError('not-allowed')
    this.view.set({ ...this.view.value, offer: undefined })
    this.change(this.#me, { level: offer.level, offered: false, onStage: true })
  }

  /** Somebody offers me a level. */
  offerMe(by: MemberId, level: Level): void {
    this.view.set({ ...this.view.value, offer: { level, by } })
    this.change(this.#me, { offered: true })
  }

  async offerLevel(member: MemberId): Promise<void> {
    this.#guard(member)
    this.change(member, { offered: true })
  }

  async letIn(members: readonly MemberId[]): Promise<void> {
    const guests = members.map((member) => ({
      member,
      name: Object.values(VILLAGERS).find(({ id }) => id === member)?.name,
    }))
    this.view.set({ ...this.view.value, letIn: [...this.view.value.letIn, ...guests] })
  }

  async shutOut(member: MemberId): Promise<void> {
    const letIn = this.view.value.letIn.filter((guest) => guest.member !== member)
    this.view.set({ ...this.view.value, letIn })
  }

  async removeMember(member: MemberId, why: WhyView, note?: string): Promise<void> {
    this.#decide('remove', member, why, note)
    this.exit(member)
  }

  async banMember(member: MemberId, why: WhyView, note?: string): Promise<void> {
    this.#decide('ban', member, why, note)
    this.exit(member)
  }

  async unbanMember(member: MemberId): Promise<void> {
    const record = this.view.value.record.map((one) => (one.to === member ? { ...one, mayUndo: false } : one))
    this.view.set({ ...this.view.value, record })
  }

  async setLocked(locked: boolean): Promise<void> {
    this.view.set({ ...this.view.value, locked })
  }

  async changeRoom(change: RoomChange): Promise<void> {
    this.view.set({ ...this.view.value, ...change })
  }

  /** A moderator puts me out. */
  putOut(out: OutView): void {
    this.view.set({ ...this.view.value, status: 'out', out })
  }

  #decide(what: 'remove' | 'ban', to: MemberId, why: WhyView, note: string | undefined): void {
    this.#guard(to)
    const { record, people, me } = this.view.value
    const decision: RoomDecisionView = {
      id: idFrom<OperationId>(`decision${record.length}`),
      what,
      by: me.member,
      byName: me.name,
      to,
      toName: people.find((one) => one.member === to)?.name,
      at: VILLAGE_TIME,
      why,
      note: note === '' ? undefined : note,
      mayUndo: what === 'ban',
    }
    this.view.set({ ...this.view.value, record: [decision, ...record] })
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
    const before = settled.find((one) => one.me) ?? this.view.value.me
    const judged = settled.map((one) => ({ ...one, deeds: deedsOf(before, one) }))
    const me = judged.find((one) => one.me) ?? before
    const moderates: RoomView['powers'] = me.level >= 80 ? ['lock', 'set', 'end'] : []
    const admits: RoomView['powers'] = this.view.value.isPrivate && me.level >= 60 ? ['admit'] : []
    const powers = [...moderates, ...admits]
    this.view.set({ ...this.view.value, people: judged, me, powers })
    if (typeof MediaStream === 'undefined') return
    const known = new Map(this.voices.value.map((voice) => [voice.member, voice.stream]))
    this.voices.set(
      settled
        .filter((one) => one.onStage && !one.me)
        .map(({ member }) => ({ member, stream: known.get(member) ?? new MediaStream() })),
    )
  }
}

/** What the levels allow (SPEC, chapter on the room's levels). */
function deedsOf(me: ParticipantView, other: ParticipantView): readonly RoomDeed[] {
  if (other.me || me.level < 60 || other.level >= me.level) return []
  const deeds: RoomDeed[] = other.onStage
    ? [other.mutedByModerator ? 'unmute' : 'mute', 'lower']
    : [other.offered ? 'lower' : 'offer']
  if (me.level > 60 && other.level < 60) deeds.push('comoderator')
  if (me.level > 80 && other.level < 80) deeds.push('moderator')
  deeds.push('remove')
  if (me.level >= 80) deeds.push('ban')
  if (me.level === 100) deeds.push('hand')
  return deeds
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
    handSince: undefined,
    check: undefined,
    quality: undefined,
    muted: true,
    mutedByModerator: false,
    speaking: false,
    reaction: undefined,
    deeds: [],
    hides: false,
    link: 'none',
    failure: undefined,
    ...change,
  }
}

interface Announced {
  readonly listing: RoomListing
  readonly people: readonly { readonly who: FakePerson; readonly change: Change }[]
}

const HOST: Change = { level: 100, onStage: true, muted: false, link: 'connected', check: 'verified' }
const SPEAKER: Change = { level: 20, onStage: true, muted: false, link: 'connected' }
const MODERATOR: Change = { level: 80 as Level, onStage: true, link: 'connected' }

function announce(word: string, room: NewRoom, minutesAgo: number, people: Announced['people']): Announced {
  const host = people[0]?.who ?? AMA
  return {
    listing: {
      ...room,
      isPrivate: room.isPrivate === true,
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
  readonly reading: Observed<Reading | undefined>
  readonly alarms = new Observed<readonly NoticedAlarm[]>([])
  readonly blocked = new Observed<ReadonlySet<MemberId>>(new Set())
  readonly logStanding = new Observed<LogStanding>('current')
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
    this.reading = new Observed<Reading | undefined>(
      this.#options.reading ? { done: 12_800, of: 37_514 } : undefined,
    )
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
    this.community = new Observed<CommunityView>({
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

  /** So many people have said that it was not they who used their invitation. */
  leaks = 0
  async reportLeak(): Promise<void> {
    this.leaks += 1
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
    const { members, notices, rights, alone, messages, appeal } = this.#options
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
        messages,
        appeal,
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
      alarms: this.alarms,
      logStanding: this.logStanding,
      finalSize: new Observed(0),
      hidesAddress: this.#options.hidesAddress,
      hideAddress: async () => {},
      reading: this.reading,
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
        if (this.reading.value !== undefined) await new Promise(() => {})
        this.people ??= this.#peopleOf(me)
        return this.people
      },
      blocked: this.blocked,
      setBlocked: async (member, on) => {
        const next = new Set(this.blocked.value)
        if (on) next.add(member)
        else next.delete(member)
        this.blocked.set(next)
        this.room?.hide(next)
      },
      openRoom: async (room) => {
        if (room.title.length > 120) throw new PeerError('title-invalid')
        const announced = announce(`opened${this.#announced.length}`, room, 0, [{ who: me, change: HOST }])
        this.#announced = [announced, ...this.#announced]
        this.rooms.set(this.#announced.map(({ listing }) => listing))
        const people = [participant(me, true, { ...HOST, muted: true, link: 'none' })]
        return this.#session(announced, me, people, room.counts)
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
      expectEntry: () => {},
      stop: async () => {},
    }
  }

  #session(
    { listing }: Announced,
    me: FakePerson,
    people: readonly ParticipantView[],
    counts = false,
  ): FakeRoom {
    const view: RoomView = {
      id: listing.id,
      title: listing.title,
      topics: listing.topics,
      language: listing.language,
      host: listing.host,
      status: 'open',
      out: undefined,
      leader: listing.host,
      locked: false,
      isPrivate: listing.isPrivate,
      letIn: [],
      link: '',
      hands: 'everybody',
      offer: undefined,
      powers: [],
      missed: undefined,
      record: [],
      differing: [],
      me: people.find((one) => one.me) ?? participant(me, true),
      people,
      away: [],
      hidden: [],
      counts,
      relay: this.relay.value,
      carrier: undefined,
      apart: undefined,
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
