import type { PersonView, StandingView } from '../../node/people/view.ts'
import type { MemberId } from '../../protocol/ids.ts'

/** Which people are looked for. Everything that is set must hold. */
export interface Filter {
  /** In the name, whatever its case and accents. */
  readonly name: string
  readonly standing: StandingView | undefined
  readonly certified: boolean
  /** The branch of this member. */
  readonly branch: MemberId | undefined
}

export const EVERYBODY: Filter = { name: '', standing: undefined, certified: false, branch: undefined }

/** Whether a filter leaves nobody out. */
export function isEverybody({ name, standing, certified, branch }: Filter): boolean {
  return name.trim() === '' && standing === undefined && !certified && branch === undefined
}

/** The people that a filter lets through, in their order. */
export function matching(
  all: readonly PersonView[],
  filter: Filter,
  nameOf: (person: PersonView) => string,
): readonly PersonView[] {
  const wanted = folded(filter.name.trim())
  return all.filter(
    (person) =>
      (filter.standing === undefined || person.standing === filter.standing) &&
      (!filter.certified || person.certified) &&
      (filter.branch === undefined || person.branch === filter.branch) &&
      (wanted === '' || folded(nameOf(person)).includes(wanted)),
  )
}

/** What `folded` made of names: a search compares thousands of them at each letter that is typed. */
const known = new Map<string, string>()
/** More names than a community has; then it begins anew. */
const MOST_KNOWN = 50_000

/** For comparing names as people type them: without case, and without the marks on letters. */
export function folded(name: string): string {
  const before = known.get(name)
  if (before !== undefined) return before
  const made = name.normalize('NFD').replaceAll(/\p{M}/gu, '').toLocaleLowerCase()
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(name, made)
  return made
}

/** Who was invited by whom, among those who are drawn. */
export interface Forest {
  readonly founders: readonly PersonView[]
  readonly guestsOf: ReadonlyMap<MemberId, readonly PersonView[]>
  readonly byId: ReadonlyMap<MemberId, PersonView>
  /** The ones that were looked for; those who only lead to them are drawn faintly. */
  readonly matches: ReadonlySet<MemberId> | undefined
}

/** Plants everybody, or with `found` those and whoever leads to them. */
export function plant(all: readonly PersonView[], found?: readonly PersonView[]): Forest {
  const byId = new Map(all.map((person) => [person.id, person]))
  const drawn = found && withSponsors(found, byId)
  const founders: PersonView[] = []
  const guestsOf = new Map<MemberId, PersonView[]>()
  for (const person of all) {
    if (drawn && !drawn.has(person.id)) continue
    if (person.sponsor === undefined) founders.push(person)
    else {
      const siblings = guestsOf.get(person.sponsor)
      if (siblings) siblings.push(person)
      else guestsOf.set(person.sponsor, [person])
    }
  }
  return { founders, guestsOf, byId, matches: found && new Set(found.map(({ id }) => id)) }
}

function withSponsors(
  found: readonly PersonView[],
  byId: ReadonlyMap<MemberId, PersonView>,
): ReadonlySet<MemberId> {
  const drawn = new Set<MemberId>()
  for (const person of found) {
    let at: PersonView | undefined = person
    while (at && !drawn.has(at.id)) {
      drawn.add(at.id)
      at = at.sponsor === undefined ? undefined : byId.get(at.sponsor)
    }
  }
  return drawn
}

/** So many people are drawn at first: what fits on a screen or two; and of those who were looked for, what somebody may want to see through. */
const FIRST_DRAWN = 60
const FOUND_DRAWN = 80

/** Whose guests are shown at first: from the founders on as long as there is room, and the line that leads to `me`. */
export function openAtFirst(forest: Forest, me: MemberId): ReadonlySet<MemberId> {
  const open = new Set<MemberId>(lineOf(forest, me))
  const room = forest.matches === undefined ? FIRST_DRAWN : FOUND_DRAWN
  let drawn = forest.founders.length
  const queue = [...forest.founders]
  for (let at = 0; at < queue.length; at++) {
    const person = queue[at] as PersonView
    const guests = forest.guestsOf.get(person.id) ?? []
    if (drawn + guests.length > room && !open.has(person.id)) continue
    drawn += guests.length
    open.add(person.id)
    queue.push(...guests)
  }
  return open
}

/** The members above somebody, the sponsor first. */
export function lineOf(forest: Forest, member: MemberId): readonly MemberId[] {
  const line: MemberId[] = []
  let at = forest.byId.get(member)?.sponsor
  while (at !== undefined) {
    line.push(at)
    at = forest.byId.get(at)?.sponsor
  }
  return line
}
