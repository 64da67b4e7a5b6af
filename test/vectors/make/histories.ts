import { type Envelope, seal } from '../../../protocol/envelope.ts'
import { idBytes, idOf, type MemberId } from '../../../protocol/ids.ts'
import { LEVEL } from '../../../protocol/room/level.ts'
import { ROOM, type Room } from '../../../protocol/room/opening.ts'
import type { Act } from '../../../protocol/room/operation.ts'
import { bytesOf, signerOf } from '../../support/community.ts'
import { hex } from '../format.ts'
import type { Cast } from './cast.ts'
import { type HistoryCase, type Player, Quarrel } from './quarrel.ts'

export interface HistoryFile {
  readonly spec: string
  readonly community: string
  readonly cases: readonly HistoryCase[]
}

/** §7.3 to §7.8: quarrels, and what they come to. That those who sign are members and their devices is presumed. */
export async function historyFile({ founded, alice: host, bob: guest, opening }: Cast): Promise<HistoryFile> {
  const { community } = founded
  const alice: Player = host
  const bob: Player = guest
  const [carol, dave, mallory] = ['Carol', 'Dave', 'Mallory'].map((name) => ({
    member: idOf<MemberId>(bytesOf(name)),
    device: signerOf(`${name} device`),
  })) as [Player, Player, Player]
  const { moderator, comoderator, speaker } = LEVEL
  const room = (of: Envelope<Room> = opening) => new Quarrel(community, of)
  const secret = (epoch: number, label: string): Act => ({
    k: 'epoch',
    epoch,
    hash: bytesOf(label),
    audience: bytesOf(`who heard ${label}`),
  })

  const cases: HistoryCase[] = []

  // --- the stage -----------------------------------------------------------------------------------
  let story = room()
  cases.push(
    await story.comesTo(
      'ROOM-2',
      'a room in which nothing was done',
      [],
      [
        [alice, { k: 'grant', to: bob.member, level: speaker }],
        [alice, { k: 'lower', to: alice.member }],
        [alice, { k: 'hand', to: alice.member }],
        [alice, { k: 'grant', to: bob.member, level: moderator }],
        [bob, { k: 'lower', to: bob.member }],
        [bob, { k: 'checkpoint' }],
        [bob, { k: 'mute', to: alice.member }],
        [bob, { k: 'hand', to: carol.member }],
        [bob, { k: 'end' }],
      ],
    ),
  )
  const offer = await story.act(alice, { k: 'grant', to: bob.member, level: speaker })
  await story.act(carol, { k: 'accept', ref: offer.id })
  cases.push(
    await story.comesTo(
      'ROOM-3',
      'an offer that somebody else accepts',
      [],
      [
        [bob, { k: 'accept', ref: offer.id }],
        [carol, { k: 'accept', ref: offer.id }],
        [bob, { k: 'lower', to: bob.member }],
      ],
    ),
  )
  await story.act(bob, { k: 'accept', ref: offer.id })
  cases.push(
    await story.comesTo(
      'ROOM-3',
      'an offer that is accepted',
      [],
      [
        [bob, { k: 'accept', ref: offer.id }],
        [bob, { k: 'grant', to: carol.member, level: speaker }],
      ],
    ),
  )
  await story.act(bob, { k: 'lower', to: bob.member })
  cases.push(await story.comesTo('ROOM-5', 'a speaker steps down', []))

  story = room()
  const declined = await story.act(alice, { k: 'grant', to: bob.member, level: moderator })
  await story.act(bob, { k: 'lower', to: bob.member })
  await story.act(bob, { k: 'accept', ref: declined.id })
  cases.push(await story.comesTo('ROOM-4', 'an offer that was declined is accepted', []))

  story = room()
  await story.act(alice, { k: 'grant', to: bob.member, level: speaker })
  await story.act(alice, { k: 'grant', to: bob.member, level: moderator })
  await story.act(alice, { k: 'grant', to: bob.member, level: comoderator })
  cases.push(await story.comesTo('ROOM-7', 'of three offers the highest', []))

  story = room()
  const selfGrant = await story.act(mallory, { k: 'grant', to: mallory.member, level: moderator })
  await story.act(mallory, { k: 'accept', ref: selfGrant.id })
  const selfEnd = await story.act(mallory, { k: 'end' })
  cases.push(await story.comesTo('ROOM-2', 'somebody raises themselves', [selfGrant, selfEnd]))

  // --- authority -----------------------------------------------------------------------------------
  story = room()
  await story.raise(alice, bob, comoderator)
  await story.raise(alice, carol, comoderator)
  const equals = [
    await story.act(bob, { k: 'grant', to: dave.member, level: comoderator }),
    await story.act(bob, { k: 'mute', to: carol.member }),
    await story.act(bob, { k: 'remove', to: carol.member, why: 'abuse' }),
    await story.act(bob, { k: 'ban', to: dave.member, why: 'spam' }),
    await story.act(bob, { k: 'lock' }),
    await story.act(bob, { k: 'set', title: 'Bob’s room' }),
    await story.act(bob, { k: 'end' }),
  ]
  cases.push(
    await story.comesTo('ROOM-5', 'a co-moderator does what only those above may', equals, [
      [bob, { k: 'mute', to: carol.member }],
      [bob, { k: 'mute', to: alice.member }],
      [bob, { k: 'mute', to: dave.member }],
      [bob, { k: 'grant', to: dave.member, level: speaker }],
      [bob, { k: 'grant', to: dave.member, level: comoderator }],
      [bob, { k: 'admit', to: dave.member }],
      [bob, { k: 'ban', to: dave.member, why: 'spam' }],
      [bob, secret(1, 'Bob’s secret')],
    ]),
  )

  story = room()
  const seated = await story.raise(alice, mallory, moderator)
  const lowered = await story.act(alice, { k: 'lower', to: mallory.member }, [seated])
  const meanwhile = await story.act(mallory, { k: 'grant', to: dave.member, level: comoderator }, [seated])
  await story.act(dave, { k: 'accept', ref: meanwhile.id }, [meanwhile])
  cases.push(
    await story.comesTo('ROOM-4', 'whom somebody lowered raised another at the same time', [meanwhile]),
  )
  await story.act(alice, { k: 'mute', to: bob.member }, [lowered])
  const backdated = await story.act(mallory, { k: 'end' }, [meanwhile])
  cases.push(
    await story.comesTo('ROOM-4', 'and ends the room from a place in the past', [meanwhile, backdated]),
  )

  story = room()
  await story.raise(alice, bob, moderator)
  await story.raise(bob, carol, speaker)
  await story.act(alice, { k: 'lower', to: bob.member, why: 'other', note: 'Thank you.' })
  cases.push(await story.comesTo('ROOM-4', 'what somebody did before they were lowered stays', []))
  await story.raise(alice, bob, speaker)
  cases.push(await story.comesTo('ROOM-4', 'and whoever was lowered is raised again', []))

  story = room()
  await story.raise(alice, bob, moderator)
  const both = await story.raise(alice, carol, moderator)
  const [one, other] = [
    await story.act(bob, { k: 'grant', to: dave.member, level: speaker }, [both]),
    await story.act(carol, { k: 'grant', to: mallory.member, level: speaker }, [both]),
  ]
  const [hers, his] = [
    await story.act(dave, { k: 'accept', ref: one.id }, [one]),
    await story.act(mallory, { k: 'accept', ref: other.id }, [other]),
  ]
  await story.act(bob, { k: 'remove', to: mallory.member, why: 'abuse' }, [hers, his])
  await story.act(carol, { k: 'remove', to: dave.member, why: 'abuse' }, [hers, his])
  cases.push(await story.comesTo('ROOM-10', 'two moderators remove each other’s guests', []))
  await story.act(alice, { k: 'admit', to: dave.member })
  cases.push(await story.comesTo('ROOM-10', 'and one of the two is let in again', []))

  // --- restrictions --------------------------------------------------------------------------------
  story = room()
  await story.raise(alice, bob, comoderator)
  const there = await story.raise(alice, carol, speaker)
  const byAlice = await story.act(alice, { k: 'mute', to: carol.member }, [there])
  await story.act(bob, { k: 'unmute', to: carol.member }, [byAlice])
  cases.push(await story.comesTo('ROOM-6', 'a weaker one lifts a mute', []))
  await story.act(alice, { k: 'unmute', to: carol.member })
  cases.push(await story.comesTo('ROOM-6', 'and then whoever made it', []))

  story = room()
  await story.raise(alice, bob, comoderator)
  const before = await story.raise(alice, carol, speaker)
  await story.act(bob, { k: 'mute', to: carol.member }, [before])
  await story.act(alice, { k: 'unmute', to: carol.member }, [before])
  cases.push(await story.comesTo('ROOM-6', 'a mute is lifted at the same time as it is made', []))
  await story.raise(alice, carol, comoderator)
  cases.push(await story.comesTo('ROOM-6', 'whoever is not below it any more is muted no more', []))

  story = room()
  await story.raise(alice, bob, moderator)
  await story.raise(bob, carol, speaker)
  await story.act(alice, { k: 'ban', to: carol.member, why: 'illegal', note: 'Threats.' })
  const back = await story.act(bob, { k: 'grant', to: carol.member, level: speaker })
  await story.act(carol, { k: 'accept', ref: back.id })
  cases.push(await story.comesTo('ROOM-4', 'a weaker one brings back whom somebody banned', []))
  await story.act(bob, { k: 'unban', to: carol.member })
  cases.push(await story.comesTo('ROOM-6', 'and lifts the ban', []))
  await story.act(alice, { k: 'unban', to: carol.member })
  cases.push(await story.comesTo('ROOM-6', 'and then the host does', []))

  story = room()
  const open = await story.raise(alice, bob, moderator)
  const locked = await story.act(alice, { k: 'lock' }, [open])
  await story.act(bob, { k: 'unlock' }, [open])
  cases.push(await story.comesTo('ROOM-6', 'a door is opened at the same time as it is locked', []))
  await story.act(bob, { k: 'unlock' })
  cases.push(await story.comesTo('ROOM-6', 'and by somebody weaker', []))
  await story.act(alice, { k: 'unlock' }, [locked])
  cases.push(await story.comesTo('ROOM-6', 'and by whoever locked it', []))

  // --- the end, the hand-over, twins ----------------------------------------------------------------
  story = room()
  await story.raise(alice, bob, moderator)
  await story.act(bob, { k: 'end', why: 'other', note: 'It is late.' })
  cases.push(
    await story.comesTo(
      'ROOM-7',
      'a moderator ends the room',
      [],
      [
        [alice, { k: 'grant', to: carol.member, level: speaker }],
        [alice, { k: 'checkpoint' }],
      ],
    ),
  )
  story = room()
  const chaired = await story.raise(alice, bob, moderator)
  const endedBy = await story.act(bob, { k: 'end' }, [chaired])
  await story.act(alice, { k: 'lower', to: bob.member }, [chaired])
  cases.push(await story.comesTo('ROOM-7', 'and was lowered at the same time', [endedBy]))

  story = room()
  const hand = await story.act(alice, { k: 'hand', to: bob.member })
  cases.push(
    await story.comesTo(
      'ROOM-8',
      'the host offers the room',
      [],
      [
        [bob, { k: 'accept', ref: hand.id }],
        [alice, { k: 'lower', to: bob.member }],
      ],
    ),
  )
  const taken = await story.act(bob, { k: 'accept', ref: hand.id })
  const last = await story.act(alice, { k: 'mute', to: carol.member }, [hand])
  await story.act(alice, { k: 'checkpoint' }, [taken, last])
  cases.push(
    await story.comesTo(
      'ROOM-8',
      'it is taken, and the host says that they know',
      [],
      [
        [alice, { k: 'mute', to: dave.member }],
        [alice, { k: 'hand', to: carol.member }],
        [bob, { k: 'mute', to: dave.member }],
        [bob, { k: 'hand', to: carol.member }],
        [bob, { k: 'end' }],
      ],
    ),
  )
  const late = await story.act(alice, { k: 'end' })
  cases.push(await story.comesTo('ROOM-8', 'and then goes on as if it were theirs', [late]))

  story = room()
  const handed = await story.act(alice, { k: 'hand', to: mallory.member })
  await story.act(mallory, { k: 'accept', ref: handed.id }, [handed])
  await story.act(alice, { k: 'lower', to: mallory.member }, [handed])
  cases.push(await story.comesTo('ROOM-8', 'it is taken back at the same time as it is taken', []))

  story = room()
  const sat = await story.raise(alice, mallory, comoderator)
  const twin = await story.act(mallory, { k: 'mute', to: bob.member }, [sat])
  const shown = await story.act(alice, { k: 'checkpoint' }, [twin])
  const hidden = await story.act(mallory, { k: 'mute', to: carol.member }, [sat])
  cases.push(await story.comesTo('ROOM-9', 'of two twins the one that a senior saw', [hidden]))
  await story.act(alice, { k: 'checkpoint' }, [shown, hidden])
  cases.push(await story.comesTo('ROOM-9', 'and still after the senior saw both', [hidden]))

  story = room()
  const up = await story.raise(alice, mallory, comoderator)
  const twins = [
    await story.act(mallory, { k: 'mute', to: bob.member }, [up]),
    await story.act(mallory, { k: 'mute', to: carol.member }, [up]),
  ]
  cases.push(await story.comesTo('ROOM-9', 'of two twins that nobody saw neither', twins))

  // --- private rooms, epochs, settings, the record ------------------------------------------------
  const secretOpening = await seal(
    ROOM,
    community,
    { ...opening.payload, vis: 'private', nonce: new Uint8Array(16).fill(10) },
    [alice.device],
  )
  story = room(secretOpening)
  const led = await story.raise(alice, bob, comoderator)
  await story.act(bob, { k: 'admit', to: carol.member }, [led])
  const admitted = await story.act(alice, { k: 'admit', to: dave.member })
  cases.push(await story.comesTo('ROOM-11', 'two are let into a private room', []))
  await story.act(bob, { k: 'revoke', to: dave.member }, [admitted])
  await story.act(alice, { k: 'revoke', to: carol.member, why: 'fake' }, [led])
  cases.push(
    await story.comesTo('ROOM-11', 'one is shut out by somebody weaker, and one at the same time', []),
  )

  story = room()
  await story.raise(alice, bob, comoderator)
  const ready = await story.raise(alice, carol, comoderator)
  const first = await story.act(bob, secret(1, 'Bob’s secret'), [ready])
  cases.push(await story.comesTo('ROOM-13', 'an epoch', []))
  const rival = await story.act(alice, secret(1, 'Alice’s secret'), [ready])
  cases.push(await story.comesTo('ROOM-13', 'of two at the same time the stronger', []))
  await story.act(carol, secret(2, 'Carol’s secret'), [first])
  cases.push(await story.comesTo('ROOM-13', 'and of another number the higher', []))
  await story.act(bob, secret(4, 'Bob’s next secret'), [rival, first])
  cases.push(story.isRefused('OP-6', 'an epoch that leaves one out', 'ancestors-wrong'))

  story = room()
  const named = await story.raise(alice, bob, moderator)
  const hisTitle = await story.act(bob, { k: 'set', title: 'Bob’s title', link: 'https://example.org/' }, [
    named,
  ])
  const herTitle = await story.act(alice, { k: 'set', title: 'Alice’s title', hands: 'nobody' }, [named])
  cases.push(await story.comesTo('ROOM-14', 'of two titles at the same time the stronger one', []))
  await story.act(bob, { k: 'set', title: 'Both have seen', topics: [], lang: 'en' }, [hisTitle, herTitle])
  cases.push(await story.comesTo('ROOM-14', 'and of two that follow each other the last', []))

  story = room()
  const start = await story.raise(alice, bob, comoderator)
  const deep = [await story.act(bob, { k: 'mute', to: carol.member }, [start])]
  for (const k of ['unmute', 'mute'] as const)
    deep.push(await story.act(bob, { k, to: carol.member }, [deep.at(-1) as (typeof deep)[number]]))
  await story.act(alice, { k: 'remove', to: dave.member, why: 'spam' }, [start])
  await story.act(alice, { k: 'lock' })
  cases.push(await story.comesTo('ROOM-15', 'the record goes by depth', []))

  // --- bundles ----------------------------------------------------------------------------------------
  story = room()
  const [, ...given] = await story.together(alice, [
    { k: 'grant', to: bob.member, level: comoderator },
    { k: 'grant', to: carol.member, level: speaker },
    { k: 'grant', to: dave.member, level: speaker },
  ])
  cases.push(await story.comesTo('OP-8', 'several are offered the stage with one signature', []))
  for (const [i, who] of [bob, carol, dave].entries())
    await story.act(who, { k: 'accept', ref: (given[i] as (typeof given)[number]).id })
  cases.push(await story.comesTo('OP-8', 'each takes the act that is theirs', []))
  const [silence, , aboveHim] = await story.together(bob, [
    { k: 'mute', to: carol.member },
    { k: 'lower', to: alice.member },
    { k: 'mute', to: dave.member, note: 'We hear your street.' },
  ])
  cases.push(
    await story.comesTo('OP-8', 'one may count where another of the same bundle does not', [
      aboveHim as typeof silence,
    ]),
  )
  await story.together(alice, [
    { k: 'ban', to: mallory.member, why: 'spam' },
    { k: 'unban', to: mallory.member },
    { k: 'lock' },
    { k: 'set', title: 'First' },
    { k: 'set', title: 'Then' },
    { k: 'unlock' },
  ])
  cases.push(
    await story.comesTo('OP-8', 'what is further on in a bundle knows what is before it', [
      aboveHim as typeof silence,
    ]),
  )
  await story.act(carol, { k: 'lower', to: carol.member }, [silence])
  cases.push(
    await story.comesTo('OP-8', 'who names a bundle has seen all of it', [aboveHim as typeof silence]),
  )

  story = room()
  const trusted = await story.raise(alice, bob, moderator)
  const [seen] = await story.together(
    bob,
    [{ k: 'mute', to: carol.member }, { k: 'mute', to: dave.member }, { k: 'lock' }],
    [trusted],
  )
  await story.act(alice, { k: 'checkpoint' }, [seen])
  const instead = await story.act(bob, { k: 'ban', to: carol.member, why: 'abuse' }, [trusted])
  cases.push(await story.comesTo('ROOM-9', 'an operation with a number of a bundle is its twin', [instead]))

  story = room()
  const [, inside] = await story.together(alice, [{ k: 'lock' }, { k: 'unlock' }])
  await story.act(bob, { k: 'checkpoint' }, [inside as typeof seen])
  cases.push(story.isRefused('OP-8', 'a head that others follow in its bundle', 'ancestors-wrong'))

  story = room()
  await story.together(alice, [{ k: 'lock' }, { k: 'unlock' }])
  await story.act(alice, { k: 'lock' }, undefined, { n: 1 })
  cases.push(story.isRefused('OP-5', 'a number that the bundle before has', 'ancestors-wrong'))

  story = room()
  await story.act(alice, { k: 'lock' })
  await story.act(alice, { k: 'unlock' }, undefined, { n: 0, also: [{ k: 'lock' }] })
  cases.push(story.isRefused('OP-5', 'a bundle that begins with a number of the past', 'ancestors-wrong'))

  // --- what is refused ------------------------------------------------------------------------------
  story = room()
  const absent = await room().act(alice, { k: 'mute', to: bob.member })
  await story.act(bob, { k: 'checkpoint' }, [absent])
  cases.push(story.isRefused('ROOM-1', 'it builds on what is not here', 'ancestors-unknown'))

  story = room()
  const older = await story.act(alice, { k: 'mute', to: bob.member })
  const newer = await story.act(alice, { k: 'unmute', to: bob.member })
  await story.act(carol, { k: 'checkpoint' }, [older, newer])
  cases.push(story.isRefused('OP-4', 'a head that another head has in its past', 'ancestors-wrong'))

  story = room()
  await story.act(alice, { k: 'mute', to: bob.member })
  await story.act(alice, { k: 'unmute', to: bob.member }, undefined, { n: 0 })
  cases.push(story.isRefused('OP-5', 'a number that its own past has', 'ancestors-wrong'))

  story = room()
  await story.act(alice, { k: 'mute', to: bob.member })
  await story.act(alice, { k: 'unmute', to: bob.member }, undefined, { n: 2 })
  cases.push(story.isRefused('OP-5', 'a number that leaves one out', 'ancestors-wrong'))

  story = room()
  await story.act(alice, secret(2, 'a secret'))
  cases.push(story.isRefused('OP-6', 'a first epoch that is none', 'ancestors-wrong'))

  return { spec: '§7.3 to §7.8', community: hex(idBytes(community)), cases }
}
