import { describe, expect, it } from 'vitest'
import { idOf, type MemberId } from '../../../protocol/ids.ts'
import { HeldLinks } from '../../../relay/fanout/held-links.ts'
import { bytesOf } from '../../support/community.ts'

const member = (name: string | number) => idOf<MemberId>(bytesOf(`member ${name}`))
const idle = () => 0

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

  it('are none while the relay is half as busy as it may be', () => {
    let load = 0.49
    const held = new HeldLinks(() => load)
    taken(held, member('Bob'))
    load = 0.5
    expect(held.take(member('Carol'))).toMatchObject({ ok: false, reason: 'relay-full' })
    load = 0.49
    taken(held, member('Carol'))
  })
})
