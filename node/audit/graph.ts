import { type LedgerState, type Member, membersInOrder } from '../../protocol/community/membership.ts'

/** Formats in which the graph of invitations can be had. */
export const GRAPH_FORMATS = ['dot', 'graphml', 'json', 'csv'] as const
export type GraphFormat = (typeof GRAPH_FORMATS)[number]

/** A sponsor and whom they invited, or vouched for. */
interface Edge {
  readonly from: string
  readonly to: string
  readonly kind: 'invited' | 'vouched'
}

/**
 * Who invited whom, and who vouched: members in the order in which they came in, so that the same ledger gives the same text. It comes in
 * pieces, because that of a large community is larger than one string may be.
 */
export function* graphText(state: LedgerState, format: GraphFormat): Generator<string> {
  const members = membersInOrder(state)
  switch (format) {
    case 'dot':
      return yield* dot(members)
    case 'graphml':
      return yield* graphml(members)
    case 'json':
      return yield* json(members)
    case 'csv':
      return yield* csv(members)
  }
}

/** https://graphviz.org/doc/info/lang.html */
function* dot(members: readonly Member[]): Generator<string> {
  yield 'digraph palabre {\n  rankdir=TB\n  node [shape=box]\n'
  for (const { id, standing, founder } of members) {
    const style = founder ? ', peripheries=2' : standing === 'active' ? '' : ', style=dashed'
    yield `  "${id}" [label="${id.slice(0, 8)}\\n${standing}"${style}]\n`
  }
  for (const { from, to, kind } of edgesOf(members)) {
    yield `  "${from}" -> "${to}"${kind === 'vouched' ? ' [style=dotted]' : ''}\n`
  }
  yield '}\n'
}

/** http://graphml.graphdrawing.org/specification.html. Ids and words have no character that XML would want escaped. */
function* graphml(members: readonly Member[]): Generator<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n'
  yield '  <key id="standing" for="node" attr.name="standing" attr.type="string"/>\n'
  yield '  <key id="since" for="node" attr.name="since" attr.type="long"/>\n'
  yield '  <key id="founder" for="node" attr.name="founder" attr.type="boolean"/>\n'
  yield '  <key id="certified" for="node" attr.name="certified" attr.type="boolean"/>\n'
  yield '  <key id="kind" for="edge" attr.name="kind" attr.type="string"/>\n'
  yield '  <graph id="palabre" edgedefault="directed">\n'
  for (const { id, standing, since, founder, certified } of members) {
    yield `    <node id="${id}"><data key="standing">${standing}</data><data key="since">${since}</data>`
    yield `<data key="founder">${founder}</data><data key="certified">${certified}</data></node>\n`
  }
  for (const { from, to, kind } of edgesOf(members)) {
    yield `    <edge source="${from}" target="${to}"><data key="kind">${kind}</data></edge>\n`
  }
  yield '  </graph>\n</graphml>\n'
}

/** One object: `nodes` and `edges`, one of each a line. */
function* json(members: readonly Member[]): Generator<string> {
  yield '{"nodes":[\n'
  let comma = ''
  for (const { id, standing, since, founder, certified, branch, sponsor } of members) {
    yield `${comma}${JSON.stringify({ id, standing, since, founder, certified, branch, sponsor })}`
    comma = ',\n'
  }
  yield '\n],"edges":[\n'
  comma = ''
  for (const edge of edgesOf(members)) {
    yield `${comma}${JSON.stringify(edge)}`
    comma = ',\n'
  }
  yield '\n]}\n'
}

/** RFC 4180, one edge a line; founders come without a sponsor. Times are ISO 8601. */
function* csv(members: readonly Member[]): Generator<string> {
  yield 'sponsor,member,kind,standing,since,certified\r\n'
  for (const { id, sponsor, standing, since, certified, vouches } of members) {
    const time = new Date(since * 1000).toISOString()
    yield `${sponsor ?? ''},${id},${sponsor === undefined ? 'founder' : 'invited'},${standing},${time},${certified}\r\n`
    for (const vouch of vouches) {
      yield `${vouch.member},${id},vouched,${standing},${new Date(vouch.at * 1000).toISOString()},${certified}\r\n`
    }
  }
}

function* edgesOf(members: readonly Member[]): Generator<Edge> {
  for (const { id, sponsor, vouches } of members) {
    if (sponsor !== undefined) yield { from: sponsor, to: id, kind: 'invited' }
    for (const { member } of vouches) yield { from: member, to: id, kind: 'vouched' }
  }
}
