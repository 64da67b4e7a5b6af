import { BAN, NOTICE, UNBAN, type Why } from '../../protocol/community/ban.ts'
import { STEWARDS } from '../../protocol/community/council.ts'
import { DAY } from '../../protocol/limits.ts'
import { inOrder } from './keeping.ts'
import { anybody, type Happening, type Person } from './world.ts'
import { byCouncil } from './write.ts'

const WHYS: readonly Why[] = ['spam', 'abuse', 'fake', 'illegal', 'other']
/** Sponsors have two days, which is more than the rule wants. */
const LEAD = 2 * DAY
/** One ban in so many takes the whole branch with it. */
const WITH_BRANCH = 0.15
const STEWARDS_NAMED = 5

export const notice: Happening = async (world) => {
  const person = anybody(world, ({ founder }) => !founder)
  if (person === undefined) return false
  const { taken } = await byCouncil(world, NOTICE, { m: person.id, why: world.dice.pick(WHYS) as Why })
  if (taken) world.noticed.push({ person, at: world.now })
  return taken
}

/** Who was given notice long enough ago. */
export const ban: Happening = async (world) => {
  const [next] = world.noticed
  if (next === undefined || next.at + LEAD > world.now) return false
  world.noticed.shift()
  const cut = world.dice.chance(WITH_BRANCH) ? { cut: 0 } : {}
  const why = world.dice.pick(WHYS) as Why
  const written = await byCouncil(world, BAN, { m: next.person.id, why, ...cut })
  if (written.taken) world.bans.push(written.id)
  return written.taken
}

export const unban: Happening = async (world) => {
  const lifted = world.bans.pop()
  if (lifted === undefined) return false
  return (await byCouncil(world, UNBAN, { ban: lifted })).taken
}

export const nameStewards: Happening = async (world) => {
  const named = new Set<Person['id']>()
  for (let i = 0; i < STEWARDS_NAMED; i++) {
    const person = anybody(world)
    if (person !== undefined) named.add(person.id)
  }
  return (await byCouncil(world, STEWARDS, { of: inOrder(named) })).taken
}
