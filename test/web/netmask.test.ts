import { describe, expect, it } from 'vitest'
import { Netmask } from '../../web/build/netmask.ts'

describe('netmask', () => {
  it.each([
    {
      range: '10.0.0.0/8',
      first: '10.0.0.0',
      last: '10.255.255.255',
      before: '9.255.255.255',
      after: '11.0.0.0',
    },
    {
      range: '172.16.0.0/12',
      first: '172.16.0.0',
      last: '172.31.255.255',
      before: '172.15.255.255',
      after: '172.32.0.0',
    },
    { range: '192.0.0.8/32', first: '192.0.0.8', last: '192.0.0.8', before: '192.0.0.7', after: '192.0.0.9' },
    {
      range: '240.0.0.0/4',
      first: '240.0.0.0',
      last: '255.255.255.255',
      before: '239.255.255.255',
      after: '1.2.3.4',
    },
  ])('knows where $range begins and ends', ({ range, first, last, before, after }) => {
    const mask = new Netmask(range)
    expect([first, last, before, after].map((address) => mask.contains(address))).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  it.each(['10.0.0', '10.0.0.256', '10.0.0.x', '::1', ''])('says that "%s" lies nowhere', (address) => {
    expect(new Netmask('0.0.0.0/0').contains(address)).toBe(false)
  })
})
