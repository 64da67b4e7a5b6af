import { MINUTE } from '../../protocol/limits.ts'
import { invite, join, releaseMature, repudiate, vouch, withdraw } from './growth.ts'
import { ban, nameStewards, notice, unban } from './justice.ts'
import { addDevice, erase, leave, nameGuardians, recover, removeDevice, rotateRoot } from './keeping.ts'
import { attest, certify, claim, endRoom, openRoom, report } from './stage.ts'
import type { Happening, World } from './world.ts'

/** How often each thing happens, among all for which there is an occasion. */
const MIX: readonly (readonly [weight: number, happening: Happening])[] = [
  [24, invite],
  [24, join],
  [10, addDevice],
  [4, openRoom],
  [22, attest],
  [3.5, endRoom],
  [3, claim],
  [2.5, vouch],
  [2, nameGuardians],
  [1.5, withdraw],
  [1, report],
  [1, certify],
  [1, removeDevice],
  [0.5, notice],
  [0.5, rotateRoot],
  [0.4, ban],
  [0.4, erase],
  [0.3, repudiate],
  [0.3, recover],
  [0.3, leave],
  [0.1, unban],
  [0.1, nameStewards],
]

const ALL = MIX.reduce((sum, [weight]) => sum + weight, 0)

/** Minutes pass once in so many happenings. The larger a community, the more happens in each. */
const HAPPENINGS_PER_MINUTE = 3
const HAPPENINGS_PER_MINUTE_AND_THOUSAND = 2

/** One more thing happens, or some time passes in which nothing could. */
export async function live(world: World): Promise<void> {
  passTime(world)
  releaseMature(world)
  await choose(world)(world)
  if (world.free.length === 0 && world.pending.length === 0) await skipTo(world)
}

function choose({ dice }: World): Happening {
  let rest = dice.next() * ALL
  for (const [weight, happening] of MIX) {
    rest -= weight
    if (rest < 0) return happening
  }
  return join
}

function passTime(world: World): void {
  const busy = HAPPENINGS_PER_MINUTE + (world.people.length / 1000) * HAPPENINGS_PER_MINUTE_AND_THOUSAND
  if (world.dice.chance(1 / busy)) world.now += MINUTE * (1 + world.dice.below(3))
}

/** Nobody can be invited until somebody has waited long enough: the community goes on as it is till then. */
async function skipTo(world: World): Promise<void> {
  const next = world.waiting[world.waited]
  if (next !== undefined && world.dice.chance(0.05)) world.now = Math.max(world.now, next.until)
}
