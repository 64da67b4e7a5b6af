import { describe, expect, it } from 'vitest'
import { addOperation, type History } from '../../protocol/room/history.ts'
import { haves, lacking } from '../../protocol/room/sync.ts'
import { alice, bob, historyOf, Stage } from '../support/stage.ts'

/** Operations of one answer here. */
const BATCH = 8

/** Alice and Bob, who have the first operations in common, and then parted. */
function fork(common: number, each: number): readonly [History, History] {
  const stage = new Stage()
  for (let i = 0; i < common; i++) stage.act(alice, { k: 'checkpoint' })
  const shared = historyOf(stage.all)
  const at = stage.all.slice(-1)
  return [alice, bob].map((actor) => {
    const side = new Stage()
    side.all.push(...stage.all)
    let knows = at
    let history = shared
    for (let i = 0; i < each; i++) {
      knows = [side.act(actor, { k: 'checkpoint' }, knows)]
      history = added(history, side.all.slice(-1))
    }
    return history
  }) as unknown as readonly [History, History]
}

function added(history: History, operations: readonly Parameters<typeof addOperation>[1][]): History {
  return operations.reduce((grown, signed) => {
    const next = addOperation(grown, signed)
    if (!next.ok) throw new Error(next.reason)
    return next.value
  }, history)
}

/** All that one learns from the other, and in how many answers. */
function pull(mine: History, theirs: History): { readonly history: History; readonly answers: number } {
  const told = haves(mine)
  let history = mine
  let answers = 0
  for (let from: number | undefined = 0; from !== undefined; answers++) {
    const answer: ReturnType<typeof lacking> = lacking(theirs, told, from, BATCH)
    history = added(history, answer.operations)
    from = answer.next
  }
  return { history, answers }
}

describe('anti-entropy', () => {
  it('SYNC-2 brings everything, though the first answers are all known: neither knows what is newest at the other', () => {
    const [mine, theirs] = fork(40, 30)
    const { history } = pull(mine, theirs)
    expect(history.size).toBe(100)
    expect(pull(theirs, history).history.heads).toEqual(history.heads)
  })

  it('SYNC-1 begins near where they parted: what was in common long ago is not sent again', () => {
    const [mine, theirs] = fork(400, 10)
    expect(pull(mine, theirs).answers).toBeLessThanOrEqual(4)
  })

  it('SYNC-1 names sixteen at most, its heads among them, in ascending order and none twice', () => {
    const [mine] = fork(400, 10)
    const told = haves(mine)
    expect(told.length).toBeLessThanOrEqual(16)
    expect(told).toEqual(expect.arrayContaining([...mine.heads]))
    expect(new Set(told).size).toBe(told.length)
    expect(haves(historyOf([]))).toEqual([])
  })

  it('SYNC-2 sends nothing to somebody who has it all', () => {
    const [mine] = fork(20, 5)
    expect(lacking(mine, haves(mine), 0, BATCH)).toEqual({ operations: [], next: undefined })
  })
})
