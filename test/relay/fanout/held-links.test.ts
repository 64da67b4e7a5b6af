import { describe, expect, it } from 'vitest'
import { idOf, type MemberId } from '../../../protocol/ids.ts'
import { HeldLinks } from '../../../relay/fanout/held-links.ts'
import { bytesOf } from '../../support/community.ts'

const member = (name: string | number) => idOf<MemberId>(bytesOf(`member ${name}`))
const idle = { load: 0, joining: 0, filled: 0 }

function taken(held: HeldLinks, who: MemberId): () => void {
  const place = held.take(who)
  if (!place.ok) throw new Error(place.reason)
  return place.value
}

describe('FANOUT-6 places for links that are held', () => {
  it('are four of each member, and each that is given back is free again', () => {
    const held = new HeldLinks(idle)
    const places = Array.from({ length: 4 }, () => taken(held, member('Bob')))
    expect(held.take(member('Bob'))).toMatchObject({ ok: false, reason: 'rate-limited' })
    taken(held, member('Carol'))
    places[0]?.()
    taken(held, member('Bob'))
    expect(held.take(member('Bob'))).toMatchObject({ ok: false, reason: 'rate-limited' })
  })

  it('are 500 in all', () => {
    const held = new HeldLinks(idle)
    const places = Array.from({ length: 500 }, (_, i) => taken(held, member(i % 125)))
    expect(held.take(member('Bob'))).toMatchObject({ ok: false, reason: 'relay-full' })
    places[7]?.()
    taken(held, member('Bob'))
    expect(held.take(member('Carol'))).toMatchObject({ ok: false, reason: 'relay-full' })
  })

  it.each([
    ['half as busy as it may be', 'load', 0.5],
    ['taking half of the links that it takes within a second', 'joining', 0.5],
    ['three quarters full', 'filled', 0.75],
  ] as const)('are none while the relay is %s', (_what, name, most) => {
    const crew = { ...idle, [name]: most - 0.01 }
    const held = new HeldLinks(crew)
    taken(held, member('Bob'))
    crew[name] = most
    expect(held.take(member('Carol'))).toMatchObject({ ok: false, reason: 'relay-full' })
    crew[name] = most - 0.01
    taken(held, member('Carol'))
  })
})
