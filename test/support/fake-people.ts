import { PeerError } from '../../node/errors.ts'
import { Observed } from '../../node/observed.ts'
import type { AppealView, CouncilAct, MessageView } from '../../node/people/council-view.ts'
import type {
  AuditView,
  DecisionView,
  InvitationsView,
  NoticeView,
  PersonPage,
  PersonView,
  Right,
  SlotView,
  StandingView,
} from '../../node/people/view.ts'
import type { People } from '../../node/view.ts'
import type { MemberId, StatementId } from '../../protocol/ids.ts'
import { FakeDesk } from './fake-desk.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Somebody of a village, as far as its people are concerned. */
export interface FakeMember {
  readonly id: MemberId
  readonly name: string | undefined
  readonly sponsor: MemberId | undefined
  readonly since: number
  readonly standing?: StandingView
  readonly certified?: boolean
}

/** What the story is about, beside who is in it. */
export interface FakePeopleOptions {
  readonly members: readonly FakeMember[]
  readonly me: MemberId
  readonly now: number
  /** The phrase that the council and the member sign with. */
  readonly phrase: string
  readonly decisions: readonly DecisionView[]
  readonly notices: readonly NoticeView[]
  /** The rights that I have over everybody else. */
  readonly rights: readonly Right[]
  readonly alone: boolean
  /** What the council was told, and what I may appeal. */
  readonly messages: readonly MessageView[]
  readonly appeal: AppealView
}

/** The rows of these people, with what can be counted about them. */
export function rowsOf(members: readonly FakeMember[], me: MemberId): readonly PersonView[] {
  const byId = new Map(members.map((member) => [member.id, member]))
  const guests = new Map<MemberId, number>()
  const below = new Map<MemberId, number>()
  const branches = new Map<MemberId, MemberId>()
  for (const { id, sponsor } of members) {
    const above = sponsor === undefined ? undefined : byId.get(sponsor)
    branches.set(id, above?.sponsor === undefined ? id : (branches.get(above.id) ?? id))
    if (sponsor !== undefined) guests.set(sponsor, (guests.get(sponsor) ?? 0) + 1)
    for (let at = above; at; at = at.sponsor === undefined ? undefined : byId.get(at.sponsor))
      below.set(at.id, (below.get(at.id) ?? 0) + 1)
  }
  return members.map(({ id, name, sponsor, since, standing = 'active', certified = false }) => ({
    id,
    name,
    me: id === me,
    founder: sponsor === undefined,
    sponsor,
    since,
    standing,
    certified,
    branch: branches.get(id) ?? id,
    guests: guests.get(id) ?? 0,
    below: below.get(id) ?? 0,
  }))
}

/** The people of a village in memory: acts take effect at once, as far as a screen can tell. */
export class FakePeople implements People {
  readonly #options: FakePeopleOptions
  readonly all: Observed<readonly PersonView[]>
  readonly invitations: Observed<InvitationsView>
  readonly decisions: Observed<readonly DecisionView[] | undefined>
  readonly notices: Observed<readonly NoticeView[]>
  readonly provisional = new Observed<People['provisional']['value']>(() => false)
  readonly desk: FakeDesk
  readonly #vouches = new Map<MemberId, { readonly member: MemberId; readonly at: number }[]>()
  #erased = false

  constructor(options: FakePeopleOptions, slots: readonly SlotView[]) {
    this.#options = options
    this.all = new Observed(rowsOf(options.members, options.me))
    this.decisions = new Observed<readonly DecisionView[] | undefined>(options.decisions)
    this.notices = new Observed(options.notices)
    this.desk = new FakeDesk(options, (act) => this.#take(act))
    this.invitations = new Observed<InvitationsView>({
      slots,
      maturity: { state: 'ready', because: 'opening' },
      points: 0,
      charges: [],
      relief: undefined,
      claim: {
        more: 3,
        from: undefined,
        have: { attesters: 2, rooms: 2, minutes: 21, outside: 1 },
        need: { attesters: 3, rooms: 2, minutes: 30, outside: 2 },
        ready: false,
      },
    })
  }

  page(member: MemberId): PersonPage | undefined {
    const all = this.all.value
    const person = all.find(({ id }) => id === member)
    if (person === undefined) return undefined
    const line: MemberId[] = []
    for (let at = person.sponsor; at !== undefined; at = all.find(({ id }) => id === at)?.sponsor)
      line.push(at)
    const decisions = (this.decisions.value ?? []).filter((one) => 'member' in one && one.member === member)
    const ban = this.#banOf(person)
    return {
      person,
      line,
      vouches: this.#vouches.get(member) ?? [],
      guests: all.filter(({ sponsor }) => sponsor === member).map(({ id }) => id),
      vouched: all
        .filter(({ id }) => this.#vouches.get(id)?.some((one) => one.member === member))
        .map(({ id }) => id),
      points: person.founder ? 0 : person.guests * 2,
      charges: [],
      devices: person.founder ? 2 : 1,
      steward: person.founder,
      council: person.founder,
      erased: person.me && this.#erased,
      heard: person.founder ? undefined : person.since + 3 * DAY,
      ban,
      notice: undefined,
      charging: true,
      decisions,
      rights: person.me ? [] : this.#rightsOver(person),
      alone: this.#options.alone,
    }
  }

  #banOf(person: PersonView): PersonPage['ban'] {
    const of =
      person.standing === 'banned' ? person.id : person.standing === 'cut' ? person.sponsor : undefined
    const ban = this.decisions.value?.find((one) => one.what === 'ban' && one.member === of)
    if (of === undefined || ban?.what !== 'ban') return undefined
    return { id: 'ban' as StatementId, member: of, why: ban.why, at: ban.at, lifted: false, cuts: ban.cuts }
  }

  #rightsOver({ standing, certified }: PersonView): readonly Right[] {
    return this.#options.rights.filter((right) => {
      if (right === 'unban') return standing === 'banned'
      if (right === 'vouch') return standing === 'active' || standing === 'cut'
      if (right === 'certify') return standing === 'active' && !certified
      if (right === 'uncertify') return standing === 'active' && certified
      return standing === 'active' || standing === 'cut'
    })
  }

  async withdraw(invitation: StatementId): Promise<void> {
    this.#free((slot) => slot.state === 'pending' && slot.invitation === invitation)
  }

  async undo(invitation: StatementId): Promise<void> {
    const slot = this.invitations.value.slots.find(
      (one) => one.state === 'used' && one.invitation === invitation,
    )
    if (slot?.state !== 'used' || slot.undo === undefined) throw new PeerError('undo-late')
    this.change(slot.guest, { standing: 'repudiated' })
    this.#free((one) => one.slot === slot.slot)
  }

  #free(which: (slot: SlotView) => boolean): void {
    this.setSlots(
      this.invitations.value.slots.map((one) => (which(one) ? { slot: one.slot, state: 'free' } : one)),
    )
  }

  setSlots(slots: readonly SlotView[]): void {
    this.invitations.set({ ...this.invitations.value, slots })
  }

  async claim(): Promise<void> {
    const { claim, slots } = this.invitations.value
    if (!claim.ready) throw new PeerError('claim-short')
    const more = Array.from(
      { length: claim.more },
      (_, at): SlotView => ({ slot: slots.length + at, state: 'free' }),
    )
    this.invitations.set({
      ...this.invitations.value,
      slots: [...slots, ...more],
      claim: { ...claim, ready: false },
    })
  }

  async vouch(member: MemberId): Promise<void> {
    const known = this.#vouches.get(member) ?? []
    this.#vouches.set(member, [...known, { member: this.#options.me, at: this.#options.now }])
    this.change(member, { standing: 'active' })
    this.#decide({ what: 'vouched', member, by: this.#options.me })
  }

  async certify(member: MemberId, on: boolean): Promise<void> {
    this.change(member, { certified: on })
    this.#decide({ what: on ? 'certified' : 'uncertified', member, by: this.#options.me })
  }

  /** What the council decided has taken effect. */
  #take(act: CouncilAct): void {
    if (act.what === 'council') this.#decide({ what: 'council', keys: act.keys.length, needed: act.needed })
    else if (act.what === 'stewards') this.#decide({ ...act })
    else this.#act(act)
  }

  #act(act: Exclude<CouncilAct, { readonly what: 'council' | 'stewards' }>): void {
    const { what, member } = act
    if (what === 'ban') {
      this.#decide({ what, member, why: act.why, cuts: act.cut })
      this.change(member, { standing: 'banned' })
      if (!act.cut) return
      for (const { id, sponsor } of this.all.value)
        if (sponsor === member) this.change(id, { standing: 'cut' })
      return
    }
    this.#decide({ ...act })
    if (what === 'unban') this.change(member, { standing: 'active' })
  }

  async leave(phrase: string): Promise<void> {
    this.#sign(phrase)
    this.change(this.#options.me, { standing: 'left' })
  }

  async erase(): Promise<void> {
    this.#erased = true
    this.change(this.#options.me, { name: undefined })
  }

  /** What an audit finds, and whether it ever ends. */
  audit: AuditView | 'endless' = {
    entries: 42,
    members: 10,
    until: 0,
    took: 312,
    root: 'vB1FZ7ZtWg2Gm8dO0yJ6mJm3T7v1o3c5hXHc3S0b6iQ=',
    state: 'Qk5Yy2O3mJm3T7v1o3c5hXHc3S0b6iQvB1FZ7ZtWg2E=',
    signed: true,
    cosigned: 0,
    witnesses: { k: 0, of: 0 },
    findings: [],
  }

  async verify(progress: (done: number, of: number) => void, signal: AbortSignal): Promise<AuditView> {
    if (this.audit !== 'endless') return { ...this.audit, until: this.#options.now }
    progress(17, 42)
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }

  async exportOwn(): Promise<string> {
    return JSON.stringify({ member: this.#options.me })
  }

  change(member: MemberId, change: Partial<PersonView>): void {
    this.all.set(this.all.value.map((one) => (one.id === member ? { ...one, ...change } : one)))
  }

  #sign(phrase: string): void {
    if (phrase !== this.#options.phrase) throw new PeerError('phrase-wrong')
  }

  #decide(decision: Pick<DecisionView, 'what'> & { readonly [field: string]: unknown }): void {
    const decisions = this.decisions.value ?? []
    const index = (decisions[0]?.index ?? 0) + 1
    this.decisions.set([{ index, at: this.#options.now, ...decision } as DecisionView, ...decisions])
  }
}

/** A community of so many, the same for the same number: founders invite many, the others a few each. */
export function manyMembers(
  count: number,
  now: number,
  idOf: (word: string) => MemberId,
): readonly FakeMember[] {
  const NAMES = [
    'Aïcha',
    'Bruno',
    'Chloé',
    'Daouda',
    'Élise',
    'Fatou',
    'Gaël',
    'Hawa',
    'Ismaël',
    'Jade',
    'Kwame',
    'Lina',
  ]
  const STANDINGS: readonly StandingView[] = ['banned', 'cut', 'left', 'repudiated']
  const members: FakeMember[] = []
  // A linear congruential generator (Numerical Recipes): any spread will do, as long as it is the same each time.
  let state = 1
  const next = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  for (let at = 0; at < count; at++) {
    const sponsor = at === 0 ? undefined : members[at < 20 ? 0 : next(Math.ceil(at / 3))]
    members.push({
      id: idOf(`member${at}x`),
      name: `${NAMES[next(NAMES.length)]} ${at}`,
      sponsor: sponsor?.id,
      since: now - (count - at) * 60_000 - DAY,
      ...(at > 20 && next(40) === 0 ? { standing: STANDINGS[next(STANDINGS.length)] as StandingView } : {}),
      ...(next(30) === 0 ? { certified: true } : {}),
    })
  }
  return members
}
