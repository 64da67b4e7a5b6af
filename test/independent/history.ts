import type { Fields, Genesis, Statement, StatementType } from './statement.ts'

/**
 * Everything that the second replay knows: the statements that took effect, in their order. It keeps no balance, list or index of anything;
 * each question is answered by going through the whole history again, so a mistake in keeping books cannot be made here.
 */
export interface History {
  readonly community: string
  readonly genesis: Genesis
  readonly facts: readonly Fact[]
  /** The time of the last entry, also of a void one: what is due by then has come to pass (ROOT-5). */
  readonly now: number
}

export type Fact<T extends StatementType = StatementType> = T extends StatementType
  ? {
      readonly index: number
      /** The entry's time. */
      readonly t: number
      readonly said: Statement<T>
      /** Of an equivocation the key that it convicts, of a leak the invitation, of a log-fork the size. */
      readonly about?: string
    }
  : never

export const DAY = 86_400

/** The effective statements of one type, oldest first. */
export function all<T extends StatementType>(history: History, type: T): readonly Fact<T>[] {
  const found = once(history, type, () => history.facts.filter((fact) => fact.said.type === type))
  return found as unknown as readonly Fact<T>[]
}

const answers = new WeakMap<readonly Fact[], Map<string, unknown>>()

/** An answer that is looked for once in each history, and anew in every longer one. */
function once<T>({ facts }: History, question: string, answer: () => T): T {
  const known = answers.get(facts) ?? new Map<string, unknown>()
  answers.set(facts, known)
  if (!known.has(question)) known.set(question, answer())
  return known.get(question) as T
}

/** The history as it was before an entry. */
export function before(
  history: History,
  { index, t }: { readonly index: number; readonly t: number },
): History {
  return { ...history, facts: history.facts.filter((fact) => fact.index < index), now: t }
}

// Who is here

export interface Member {
  readonly id: string
  readonly index: number
  readonly since: number
  readonly firstRoot: string
  /** The invitation by which they came: nobody's, of a founder. */
  readonly invite?: string
}

export function members(history: History): readonly Member[] {
  return once(history, 'members', () => history.facts.flatMap(memberOf))
}

function memberOf({ said, index, t }: Fact): readonly Member[] {
  if (said.type === 'identity') return [{ id: said.id, index, since: t, firstRoot: said.fields.root }]
  if (said.type !== 'join' || !said.inner) return []
  const { identity } = said.inner
  return [{ id: identity.id, index, since: t, firstRoot: identity.fields.root, invite: said.fields.invite }]
}

export function member(history: History, id: string): Member | undefined {
  return members(history).find((one) => one.id === id)
}

/** POL-2. A founder has none. */
export function sponsor(history: History, id: string): string | undefined {
  const invite = member(history, id)?.invite
  return invite === undefined ? undefined : invitation(history, invite)?.said.fields.m
}

/** POL-2. */
export function branch(history: History, id: string): string {
  const by = sponsor(history, id)
  return by === undefined || sponsor(history, by) === undefined ? id : branch(history, by)
}

/** POL-3, by walking up. */
export function isDescendant(history: History, id: string, of: string): boolean {
  const by = sponsor(history, id)
  return by !== undefined && (by === of || isDescendant(history, by, of))
}

// Keys

interface Root {
  readonly key: string
  /** The statement with which its chain begins: an identity, a root-rotate or a recover. */
  readonly start: string
}

interface Roots {
  readonly inForce: Root
  readonly former: readonly Root[]
  readonly pending?: { readonly id: string; readonly root: string; readonly due: number }
}

const RECOVERY_DELAY = 7 * DAY

/** ROOT-4 and ROOT-5: what happened to a member's root. */
export function roots(history: History, { id, firstRoot }: Member): Roots {
  let inForce: Root = { key: firstRoot, start: id }
  const former: Root[] = []
  let pending: Roots['pending']
  const become = (key: string, start: string): void => {
    former.push(inForce)
    inForce = { key, start }
    pending = undefined
  }
  for (const { said, t } of history.facts) {
    if (pending && pending.due <= t) become(pending.root, pending.id)
    if (said.type === 'recover' && said.fields.m === id)
      pending = { id: said.id, root: said.fields.root, due: t + RECOVERY_DELAY }
    else if (isOfRoot(said) && said.fields.m === id && signedWith(said, inForce.key)) pending = undefined
    if (said.type === 'root-rotate' && said.fields.m === id) become(said.fields.root, said.id)
  }
  if (pending && pending.due <= history.now) become(pending.root, pending.id)
  return { inForce, former, ...(pending && { pending }) }
}

function signedWith(said: Statement, key: string): boolean {
  return said.signatures.some((one) => one.key === key)
}

type RootAct = 'device-add' | 'device-remove' | 'guardians' | 'root-rotate' | 'leave' | 'erase' | 'appeal'

/** Types that stand in a root's chain; an erase and an appeal stand in that of their signer, which may be a device. */
function isOfRoot(said: Statement): said is Statement<RootAct> {
  return ['device-add', 'device-remove', 'guardians', 'root-rotate', 'leave', 'erase', 'appeal'].includes(
    said.type,
  )
}

export interface Device {
  readonly key: string
  readonly m: string
  /** The device-add. */
  readonly start: string
}

/** Every device that ever was. */
export function devices(history: History): readonly Device[] {
  return once(history, 'devices', () =>
    history.facts.flatMap(({ said }): readonly Device[] => {
      const add = said.type === 'join' ? said.inner?.device : said.type === 'device-add' ? said : undefined
      return add ? [{ key: add.fields.device, m: add.fields.m, start: add.id }] : []
    }),
  )
}

export function device(history: History, key: string): Device | undefined {
  return devices(history).find((one) => one.key === key)
}

export function isRemoved(history: History, key: string): boolean {
  return all(history, 'device-remove').some(({ said }) => said.fields.device === key)
}

export function isFrozen(history: History, key: string): boolean {
  return all(history, 'equivocation').some(({ about }) => about === key)
}

/** Roots that the ledger knows, with their member: in force, former, or named by a recover, whatever became of it. */
export function knownRoots(history: History): readonly { readonly key: string; readonly m: string }[] {
  return [
    ...members(history).map(({ firstRoot, id }) => ({ key: firstRoot, m: id })),
    ...all(history, 'root-rotate').map(({ said }) => ({ key: said.fields.root, m: said.fields.m })),
    ...all(history, 'recover').map(({ said }) => ({ key: said.fields.root, m: said.fields.m })),
  ]
}

export function isKnownRoot(history: History, key: string): boolean {
  return knownRoots(history).some((one) => one.key === key)
}

export interface Chain {
  /** The number of the next statement. */
  readonly n: number
  readonly last: string
}

/** CHAIN-1: the last statement that this key signed with a number, or where its chain begins. */
export function chain(history: History, key: string, start: string): Chain {
  let at: Chain = { n: 0, last: start }
  for (const { said } of history.facts) {
    if (said.type === 'identity' && said.fields.root === key) at = { n: 1, last: said.id }
    else if (said.type === 'join' && said.inner) {
      const { identity, device: add } = said.inner
      if (identity.fields.root === key) at = { n: add.fields.n + 1, last: add.id }
      if (add.fields.device === key) at = { n: 1, last: said.id }
    } else if ('n' in said.fields && said.fields.n !== undefined && chainKey(said) === key)
      at = { n: said.fields.n + 1, last: said.id }
  }
  return at
}

/** The key whose chain an effective statement with a number continued. */
function chainKey(said: Statement): string | undefined {
  const added =
    said.type === 'device-add'
      ? said.fields.device
      : said.type === 'root-rotate'
        ? said.fields.root
        : undefined
  return said.signatures.find((one) => one.key !== added)?.key
}

// Standing

export type Standing = 'active' | 'banned' | 'cut' | 'left' | 'repudiated'

export interface Stand {
  readonly is: Standing
  /** The ban that banned or cut them. */
  readonly by?: string
}

const ACTIVE: Stand = { is: 'active' }

/** STAND-1: everybody's standing, told from the beginning. */
export function standings(history: History): ReadonlyMap<string, Stand> {
  return once(history, 'standings', () => tellStandings(history))
}

function tellStandings(history: History): ReadonlyMap<string, Stand> {
  const stands = new Map<string, Stand>()
  for (const fact of history.facts) {
    const { said } = fact
    if (said.type === 'identity') stands.set(said.id, ACTIVE)
    if (said.type === 'join' && said.inner) stands.set(said.inner.identity.id, ACTIVE)
    if (said.type === 'leave') stands.set(said.fields.m, { is: 'left' })
    if (said.type === 'repudiate')
      stands.set(guest(history, said.fields.invite)?.id as string, { is: 'repudiated' })
    if (said.type === 'vouch' && vouchSaves(history, stands, said.fields)) stands.set(said.fields.for, ACTIVE)
    if (said.type === 'ban') {
      const cut = cutBy(before(history, fact), stands, said.fields)
      stands.set(said.fields.m, { is: 'banned', by: said.id })
      for (const id of cut) stands.set(id, { is: 'cut', by: said.id })
    }
    if (said.type === 'unban') {
      const lifted = said.fields.ban
      for (const [id, { by }] of stands) if (by === lifted) stands.set(id, ACTIVE)
    }
  }
  return stands
}

export function standing(history: History, id: string): Standing {
  return standings(history).get(id)?.is as Standing
}

/** VOUCH-2. */
function vouchSaves(
  history: History,
  stands: ReadonlyMap<string, Stand>,
  { m, for: other }: Fields<'vouch'>,
): boolean {
  const stand = stands.get(other)
  if (stand?.is !== 'cut') return false
  const banned = ban(history, stand.by as string)?.said.fields.m as string
  return m !== banned && !isDescendant(history, m, banned)
}

/** BAN-4, from `m` down. @param stands the standings before the ban */
function cutBy(
  history: History,
  stands: ReadonlyMap<string, Stand>,
  { m, cut }: Fields<'ban'>,
): readonly string[] {
  if (cut === undefined) return []
  const everybody = members(history)
  const saved = (id: string): boolean =>
    all(history, 'vouch').some(
      ({ said: { fields } }) =>
        fields.for === id &&
        fields.m !== m &&
        !isDescendant(history, fields.m, m) &&
        stands.get(fields.m)?.is === 'active',
    )
  const visited = (from: string): readonly Member[] =>
    everybody
      .filter(({ id }) => sponsor(history, id) === from && !saved(id))
      .flatMap((guest) => [guest, ...visited(guest.id)])
  return visited(m)
    .filter(({ id, index }) => stands.get(id)?.is === 'active' && index >= cut)
    .map(({ id }) => id)
}

// Invitations and slots

export function invitation(history: History, id: string): Fact<'invite'> | undefined {
  return all(history, 'invite').find(({ said }) => said.id === id)
}

/** Who came in with an invitation, whatever became of them. */
export function guest(history: History, invite: string): Member | undefined {
  return members(history).find((one) => one.invite === invite)
}

export function isWithdrawn(history: History, invite: string): boolean {
  return all(history, 'invite-void').some(({ said }) => said.fields.invite === invite)
}

export function isLeaked(history: History, invite: string): boolean {
  return all(history, 'leak').some(({ about }) => about === invite)
}

/** SLOT-4: it has expired when the time is later. */
export function isExpired({ said }: Fact<'invite'>, t: number): boolean {
  return said.fields.exp !== undefined && t > said.fields.exp
}

/** SLOT-4 and SLOT-5. */
export function isHeld(history: History, m: string, slot: number): boolean {
  const last = all(history, 'invite').findLast(
    ({ said: { fields } }) => fields.m === m && fields.slot === slot,
  )
  if (last === undefined) return false
  const came = guest(history, last.said.id)
  if (came) return standing(history, came.id) !== 'repudiated'
  return !isWithdrawn(history, last.said.id) && !isExpired(last, history.now)
}

/** SLOT-1: how many slots the member was ever given. */
export function slots(history: History, { id, invite }: Member): number {
  const policy = history.genesis.policy
  const claims = all(history, 'claim').filter(({ said }) => said.fields.m === id).length
  return policy[invite === undefined ? 'founder-slots' : 'first-slots'] + claims * policy['more-slots']
}

/** SLOT-2 and SLOT-3. */
export function isMature(history: History, one: Member): boolean {
  const { policy, at } = history.genesis
  const by = sponsor(history, one.id)
  if (policy.mode === 'open' || by === undefined) return true
  if (sponsor(history, by) === undefined && one.since <= at + policy['opening-days'] * DAY) return true
  const attested = attestedSince(history, one.id) !== undefined
  const waited = history.now >= one.since + policy['wait-days'] * DAY
  return policy.mode === 'strict' ? attested && waited : attested || waited
}

/** ATTEST-2. */
export function attestedSince(history: History, id: string): number | undefined {
  return all(history, 'attest').find(
    ({ said: { fields } }) => fields.for === id && branch(history, fields.m) !== branch(history, id),
  )?.t
}

// Bans and points

export function ban(history: History, id: string): Fact<'ban'> | undefined {
  return all(history, 'ban').find(({ said }) => said.id === id)
}

export function isLifted(history: History, id: string): boolean {
  return all(history, 'unban').some(({ said }) => said.fields.ban === id)
}

export function lastNotice(history: History, m: string): Fact<'notice'> | undefined {
  return all(history, 'notice').findLast(({ said }) => said.fields.m === m)
}

const NOTICE_LIFE = 30 * DAY
const NOTICE_LEAD = DAY

/** NOTICE-1. */
export function noticeStands(history: History, m: string): boolean {
  const last = lastNotice(history, m)
  return last !== undefined && history.now <= last.t + NOTICE_LIFE
}

/** APPEAL-1: the member's last appeal, unless something was decided about them since. */
export function appealed(history: History, id: string): number | undefined {
  let at: number | undefined
  for (const fact of history.facts) {
    const { said, t } = fact
    if (said.type === 'appeal' && said.fields.m === id) at = t
    if (said.type === 'notice' && said.fields.m === id) at = undefined
    if (said.type === 'ban' && standsBy(history, fact, id)) at = undefined
  }
  return at
}

/** Whether a ban made somebody banned or cut. */
function standsBy(history: History, { index, t, said }: Fact, id: string): boolean {
  return standings(before(history, { index: index + 1, t })).get(id)?.by === said.id
}

/** BAN-2: whom a ban charges, whether or not it was lifted. */
function charged(history: History, fact: Fact<'ban'>): readonly string[] {
  const { m } = fact.said.fields
  const then = before(history, fact)
  const notice = lastNotice(then, m)
  if (!noticeStands(then, m) || notice === undefined || notice.t + NOTICE_LEAD > fact.t) return []
  const span = history.genesis.policy['answer-days'] * DAY
  const out: string[] = []
  const by = sponsor(then, m)
  if (by !== undefined && fact.t <= (member(then, m) as Member).since + span) out.push(by)
  for (const { said, t } of all(then, 'vouch'))
    if (said.fields.for === m && t + span >= fact.t) out.push(said.fields.m)
  return out
}

/** The charges against a member that no unban lifted, in the order of their bans. */
export function charges(history: History, m: string): readonly Fact<'ban'>[] {
  return all(history, 'ban').filter(
    (fact) => !isLifted(history, fact.said.id) && charged(history, fact).includes(m),
  )
}

/** BAN-3. */
export function points(history: History, m: string): number {
  const { 'ban-points': worth, 'fade-days': fade } = history.genesis.policy
  return charges(history, m)
    .map(({ t }) => Math.floor((history.now - t) / DAY))
    .reduce((sum, d) => sum + (d >= fade ? 0 : Math.floor((worth * (fade - d)) / fade)), 0)
}

// Council, log and stage

export interface Council {
  readonly v: number
  readonly k: number
  readonly keys: readonly string[]
}

/** COUNCIL-1. */
export function council(history: History): Council {
  const made = all(history, 'council')
  const { k, keys } = made.at(-1)?.said.fields ?? history.genesis.council
  return { v: made.length, k, keys }
}

/** ROTATE-1: every key that the log had, each where it last came into force, so that the one in force is the last. */
export function logKeys(history: History): readonly string[] {
  const came = [history.genesis.log, ...all(history, 'log-rotate').map(({ said }) => said.fields.log)]
  return came.filter((key, i) => came.lastIndexOf(key) === i)
}

export function witnesses(history: History): { readonly k: number; readonly keys: readonly string[] } {
  const stated = all(history, 'log-rotate').findLast(({ said }) => said.fields.witnesses !== undefined)
  return stated?.said.fields.witnesses ?? history.genesis.witnesses
}

export function stewards(history: History): readonly string[] {
  return all(history, 'stewards').at(-1)?.said.fields.of ?? []
}

export function isCertified(history: History, id: string): boolean {
  return all(history, 'certify').findLast(({ said }) => said.fields.for === id)?.said.fields.on ?? false
}

export function room(history: History, id: string): Fact<'room-open'> | undefined {
  return all(history, 'room-open').find(({ said }) => said.fields.room === id)
}

export function roomEnd(history: History, id: string): number | undefined {
  return all(history, 'room-end').find(({ said }) => said.fields.room === id)?.t
}

export function isSpent(history: History, attest: string): boolean {
  return all(history, 'claim').some(({ said }) => said.fields.refs.includes(attest))
}

/** CHAIN-2. */
export function tookEffect({ facts }: History, id: string): boolean {
  return facts.some(
    ({ said }) => said.id === id || said.inner?.identity.id === id || said.inner?.device.id === id,
  )
}
