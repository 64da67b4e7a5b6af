import { describe, expect, it } from 'vitest'
import { PeerError, type PeerErrorCode } from '../../node/errors.ts'
import type { NewIdentity } from '../../node/view.ts'
import { Newcomer } from '../../web/state/newcomer.svelte.ts'

function newcomer(...refusals: PeerErrorCode[]) {
  let made = 0
  const entered: NewIdentity[] = []
  const coming = new Newcomer({
    newIdentity: async () => ({ phrase: [`word${++made}`] }),
    enter: async (identity) => {
      entered.push(identity)
      const refusal = refusals.shift()
      if (refusal !== undefined) throw new PeerError(refusal)
    },
  })
  return { coming, entered }
}

describe('somebody who comes in', () => {
  it('is shown the words before anything is sent', async () => {
    const { coming, entered } = newcomer()
    await coming.named()
    expect(coming.step).toEqual({ at: 'saving', identity: { phrase: ['word1'] } })
    expect(entered).toEqual([])
  })

  it('enters with the words that were shown', async () => {
    const { coming, entered } = newcomer()
    await coming.named()
    await coming.saved()
    expect(entered).toEqual([{ phrase: ['word1'] }])
    expect(coming.attempt.failure).toBeUndefined()
  })

  it('sends nothing before the words are there', async () => {
    const { coming, entered } = newcomer()
    await coming.saved()
    expect(entered).toEqual([])
  })

  it('chooses another name when it was refused, and keeps the words already saved', async () => {
    const { coming, entered } = newcomer('name-invalid')
    await coming.named()
    await coming.saved()
    expect(coming.step).toEqual({ at: 'naming' })
    expect(coming.attempt.failure).toBe('name-invalid')
    await coming.named()
    await coming.saved()
    expect(entered).toEqual([{ phrase: ['word1'] }, { phrase: ['word1'] }])
  })

  it('stays with the words when the relay does not answer, to try again', async () => {
    const { coming } = newcomer('relay-unreachable')
    await coming.named()
    await coming.saved()
    expect(coming.step).toMatchObject({ at: 'saving' })
    expect(coming.attempt.failure).toBe('relay-unreachable')
    await coming.saved()
    expect(coming.attempt.failure).toBeUndefined()
  })
})
