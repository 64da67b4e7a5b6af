import { describe, expect, test } from 'vitest'
import { storedLedger } from '../../../node/ledger/ledger.ts'
import type { Verifier } from '../../../protocol/signature.ts'
import { stateHash, stateRoot } from '../../../protocol/state/state.ts'
import { addDevice, invite, NOON } from '../../support/community.ts'
import { createStage, holder, patience, type Stage, twoHistories, verifier } from './stage.ts'

/** As many entries as make a snapshot, two of them void: one by its signature, and one by a rule. */
async function longHistory({ founded, alice }: Stage) {
  const person = { ...alice }
  const first = await invite(person, 0, NOON)
  const twice = await invite({ ...person }, 0, NOON)
  const forged = (await addDevice({ ...person }, 'forged', NOON)).bytes.slice()
  const last = forged.length - 1
  forged[last] = (forged[last] as number) ^ 1
  const devices = []
  for (let i = 0; i < 560; i++) devices.push(await addDevice(person, `device ${i}`, NOON))
  return founded.and(NOON, first.envelope, twice.envelope, { bytes: forged }, ...devices)
}

describe('a device that starts again', () => {
  test.each([
    ['from its entries alone', 300],
    ['from a snapshot and what came since', 566],
  ])('verifies nothing a second time, and comes to the same state, %s', async (_name, size) => {
    const stage = await createStage()
    const history = await longHistory(stage)
    stage.told = { history, size: Math.min(size, 520) }
    const bob = await holder(stage, 'Bob')
    stage.told = { history, size }
    await bob.pull()
    const before = bob.ledger.membership.value
    expect(before.voids).toMatchObject([{ index: 4, reason: 'slot-spent' }, { index: 5 }])
    expect(await bob.storage.list('snapshot/')).toHaveLength(size === 566 ? 8 : 0)

    let asked = 0
    const counting: Verifier = {
      verify(...args) {
        asked += 1
        return verifier.verify(...args)
      },
    }
    const { network, storage } = bob
    const means = { network, storage, verifier: counting, clock: stage.clock }
    const again = await storedLedger(before.community, means)
    if (!again) throw new Error('nothing was stored')
    const after = again.membership.value
    expect(asked).toBeLessThanOrEqual(1)
    expect(after.voids).toEqual(before.voids)
    expect(stateHash(after, stateRoot(after))).toEqual(stateHash(before, stateRoot(before)))
    const more = history.and(NOON)
    stage.told = { history: more, cp: await more.checkpoint() }
    expect(await again.pull(stage.relay.peer, patience())).toEqual({ ok: true, value: true })
    expect(again.finalSize.value).toBe(566)
    expect(again.alarms.value.map(({ kind }) => kind)).toEqual(['void-taken', 'void-taken'])
  })

  test('whose copy was stored before verdicts were remembered verifies it once more', async () => {
    const stage = await createStage()
    const { honest } = await twoHistories(stage, 3)
    stage.told = { history: honest, cp: await honest.checkpoint() }
    const bob = await holder(stage, 'Bob')
    await bob.storage.delete(`judged/${honest.community}`)
    const again = await bob.again()
    expect(again.ledger.membership.value.size).toBe(6)
    expect(again.ledger.finalSize.value).toBe(6)
    expect(await bob.storage.get(`judged/${honest.community}`)).toBe(true)
  })
})
