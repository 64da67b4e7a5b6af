import { encodeValue } from '../../../../protocol/codec.ts'
import { NOTICE } from '../../../../protocol/community/ban.ts'
import { COUNCIL, LOG_ROTATE, STEWARDS } from '../../../../protocol/community/council.ts'
import { LEAVE } from '../../../../protocol/community/leave.ts'
import { idOf, type KeyText, keyBytes, type MemberId } from '../../../../protocol/ids.ts'
import { DAY, MINUTE } from '../../../../protocol/limits.ts'
import { bytesOf, signerOf } from '../../../support/community.ts'
import { LOG } from '../cast.ts'
import { type Fields, named, signBytes, wrap } from '../raw.ts'
import { Story, type Tell } from '../story.ts'

const NOBODY = idOf<MemberId>(bytesOf('nobody'))

/** §6.7 and §6.9: what the council says. */
export async function council(tell: Tell): Promise<void> {
  const story = await Story.begin()
  const { alice } = story
  const bob = await story.guest(alice, 0, 'Bob')
  const three = [alice.root, bob.root, signerOf('Carol root')] as const
  const keys = sorted(three.map(({ publicKey }) => publicKey))
  const anything = { of: [bob.member] }
  await story.councilSays(STEWARDS, anything, { v: 1 })
  await story.councilSays(STEWARDS, anything, { signers: [bob.root] })
  await story.councilSays(COUNCIL, { k: 2, keys })
  await story.councilSays(STEWARDS, anything)
  await story.councilSays(STEWARDS, anything, { v: 1 })
  await story.councilSays(STEWARDS, anything, { v: 1, signers: [alice.root, alice.device] })
  await story.councilSays(STEWARDS, anything, { v: 1, signers: three.slice(1) })
  await tell(
    'a council of one becomes one of two out of three',
    'COUNCIL-1',
    story,
    '2 members 5 council-version 6 signer-unexpected 8 council-version 9 council-minority 10 signer-unexpected',
  )

  const short = await Story.begin()
  const key = keyBytes(short.alice.root.publicKey)
  short.putBytes(await raw(short, 'council', { v: 0, k: 2, keys: [key], at: short.at }))
  const witnesses = { k: 1, keys: [] }
  short.putBytes(await raw(short, 'log-rotate', { v: 0, log: bytesOf('log'), witnesses, at: short.at }))
  await tell(
    'more voices than there are keys',
    'COUNCIL-1',
    short,
    '1 members 3 field-invalid 4 field-invalid',
  )

  const rotated = await Story.begin()
  const [first, second] = [signerOf(LOG).publicKey, signerOf('the second log').publicKey]
  await rotated.councilSays(LOG_ROTATE, { log: first })
  await rotated.councilSays(LOG_ROTATE, { log: second })
  await rotated.councilSays(LOG_ROTATE, { log: second, witnesses: { k: 0, keys: [] } })
  const witness = signerOf('a witness').publicKey
  await rotated.councilSays(LOG_ROTATE, { log: first, witnesses: { k: 1, keys: [witness] } })
  await tell('the log changes hands and back', 'ROTATE-1', rotated, '1 members 3 log-known 5 log-known')

  const told = await Story.begin()
  const carol = await told.guest(told.alice, 0, 'Carol')
  const gone = await told.guest(told.alice, 1, 'Dave')
  await told.rootSays(gone, LEAVE, {})
  await told.councilSays(NOTICE, { m: NOBODY, why: 'spam' })
  await told.councilSays(NOTICE, { m: gone.member, why: 'spam' })
  await told.councilSays(NOTICE, { m: carol.member, why: 'spam' })
  told.after(30 * DAY)
  await told.councilSays(NOTICE, { m: carol.member, why: 'abuse' })
  told.after(MINUTE)
  await told.councilSays(NOTICE, { m: carol.member, why: 'fake' })
  await tell(
    'a notice stands for thirty days',
    'NOTICE-1',
    told,
    '3 members 8 member-unknown 9 member-left 11 notice-known',
  )
}

/** What no maker would make, signed by Alice. */
async function raw(story: Story, type: string, fields: Fields): Promise<Uint8Array> {
  const { community } = story.founded
  const payload = encodeValue(named(type, community, fields))
  return wrap(payload, await signBytes(type, community, payload, [story.alice.root]))
}

function sorted(keys: readonly KeyText[]): readonly KeyText[] {
  return keys.toSorted((a, b) => Buffer.compare(keyBytes(a), keyBytes(b)))
}
