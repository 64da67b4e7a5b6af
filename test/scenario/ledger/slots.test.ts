import { describe, expect, test } from 'vitest'
import { compareBytes } from '../../../protocol/bytes.ts'
import { ATTEST, type Attest, CLAIM } from '../../../protocol/community/attest.ts'
import { matureFrom } from '../../../protocol/community/slots.ts'
import { ROOM_OPEN } from '../../../protocol/community/stage-room.ts'
import { idBytes, idOf, type RoomId, type StatementId } from '../../../protocol/ids.ts'
import { DAY, HOUR, MINUTE } from '../../../protocol/limits.ts'
import { deviceAct } from '../../support/acts.ts'
import { addDevice, bytesOf, invite, join, type Person, signerOf } from '../../support/community.ts'
import { Book } from './book.ts'

describe('a slot that Bob spends on two of his devices', () => {
  test.each(['phone', 'laptop'] as const)(
    'is the one’s whose entry comes first: here the %s',
    async (first) => {
      const book = await Book.of()
      const bob = await book.bring(book.alice, 0, 'Bob')
      const added = await addDevice(bob, 'Bob laptop', book.at)
      await book.take(added)
      const laptop: Person = {
        ...bob,
        device: signerOf('Bob laptop'),
        deviceChain: { next: 0, last: added.id as StatementId },
      }
      const [winner, loser] = first === 'phone' ? [bob, laptop] : [laptop, bob]
      const before = loser.deviceChain
      const [won, lost] = [await invite(winner, 0, book.at), await invite(loser, 0, book.at)]

      await book.take(won.envelope)
      expect(await book.put(lost.envelope)).toBe('slot-spent')
      expect(book.state.invitations.has(lost.id)).toBe(false)
      const carol = await join(won, 'Carol', book.at)
      const trudy = await join(lost, 'Trudy', book.at)
      expect(await book.put(trudy.envelope)).toBe('invitation-unknown')
      await book.take(carol.envelope)
      expect(book.isMember(trudy.person)).toBe(false)
      // What is void is no part of a chain: the device goes on with the same number.
      loser.deviceChain = before
      await book.invite(loser, 1)
      expect(await book.disagreement()).toBeUndefined()
    },
  )
})

describe('a ring inside one branch', () => {
  test('is attested by nobody outside: in the default policy time alone makes it mature, and it claims nothing', async () => {
    const ring = await ringIn('default')
    for (const person of ring.people) {
      expect(ring.book.member(person)).toMatchObject({ attested: undefined, slots: 2 })
      expect(matureFrom(ring.book.state, ring.book.member(person))).toBe(ring.joined + 7 * DAY)
    }
    // The wait is over, and still they have no more than what everybody is given.
    ring.book.later(90 * DAY)
    await ring.attestEachOther(undefined)
    await ring.expectNoClaims()
    expect(await ring.book.put((await invite({ ...ring.people[0] }, 2, ring.book.at)).envelope)).toBe(
      'slot-not-entitled',
    )
    expect(await ring.book.disagreement()).toBeUndefined()
  })

  test('never matures in the strict policy', async () => {
    const ring = await ringIn('strict')
    ring.book.later(365 * DAY)
    for (const person of ring.people) {
      expect(matureFrom(ring.book.state, ring.book.member(person))).toBeUndefined()
      expect(await ring.book.put((await invite({ ...person }, 0, ring.book.at)).envelope)).toBe(
        'slot-immature',
      )
    }
    await ring.attestEachOther('member-immature')
    await ring.expectNoClaims()
    expect(await ring.book.disagreement()).toBeUndefined()
  })

  /** Mallory, whom Alice invited, brought three in; they meet in rooms of theirs and say that they did. */
  async function ringIn(mode: 'default' | 'strict') {
    const book = await Book.of({
      mode,
      'first-slots': 2,
      'opening-days': 30,
      'claim-attesters': 2,
      'claim-outside': 1,
    })
    const mallory = await book.bring(book.alice, 0, 'Mallory')
    const joined = book.at
    const people = [await book.bring(mallory, 0, 'Rita'), await book.bring(mallory, 1, 'Rob')] as const
    const all = [mallory, ...people]
    const attests: { readonly id: string; readonly payload: Attest }[] = []
    let rooms = 0

    /** Each of them opens a room, in which everybody is on the stage for an hour. @param refused why what the two guests say is void */
    async function attestEachOther(refused: string | undefined): Promise<void> {
      for (const host of all) {
        const room = idOf<RoomId>(bytesOf(`room ${rooms++}`))
        await book.take(await deviceAct(host, ROOM_OPEN, { room, title: bytesOf('a title') }, book.at))
        book.later(HOUR)
        for (const who of all) {
          for (const other of all.filter((one) => one !== who)) {
            const chain = who.deviceChain
            const fields = {
              for: other.member,
              room,
              minutes: 60,
              as: other === host ? 'hosted' : 'spoke',
            } as const
            const attest = await deviceAct(who, ATTEST, fields, book.at)
            const wanted = who === mallory ? undefined : refused
            expect(await book.put(attest), `${who.name} for ${other.name}`).toBe(wanted)
            if (wanted === undefined) attests.push(attest)
            else who.deviceChain = chain
          }
        }
      }
    }

    async function expectNoClaims(): Promise<void> {
      for (const who of all) {
        const refs = attests
          .filter(({ payload }) => payload.for === who.member)
          .map(({ id }) => id as StatementId)
          .sort((a, b) => compareBytes(idBytes(a), idBytes(b)))
        if (refs.length === 0) continue
        const claim = await deviceAct({ ...who }, CLAIM, { refs }, book.at)
        expect(await book.put(claim), who.name).toBe('claim-short')
        expect(book.member(who).slots).toBe(2)
      }
    }

    book.later(MINUTE)
    await attestEachOther('member-immature')
    await expectNoClaims()
    return { book, people, joined, attestEachOther, expectNoClaims }
  }
})
