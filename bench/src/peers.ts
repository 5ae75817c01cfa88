/** What another system takes for the same work. */
export type Peer = {
  readonly name: string;
  /** The figure with its unit, as it was found. */
  readonly figure: string;
  /** Where it is from: `here` was run on the machine of the table, beside it; everything else on other machines or as its makers publish it. */
  readonly from: 'here' | 'elsewhere';
  readonly note?: string;
};

const SWARM =
  'Docker 20.10, three managers in network namespaces, an image of busybox that is there already; until the new task is running, which nobody has asked yet; dockerd is engine and agent in one; a machine that is cut may be the one that leads; run beside an idle fleet of B2';

/** By the id of a result. Goals were set against these. */
export const PEERS: Readonly<Record<string, readonly Peer[]>> = {
  B1: [
    {
      name: 'SwarmKit',
      figure: '0.80 ms a decision, 1,250/s',
      from: 'here',
      note: 'its own benchmark, 100,000 tasks with constraints on 5,000 nodes in 80 s (n=1)',
    },
    {
      name: 'kube-scheduler',
      figure: '810/s basic, 460/s spread, 60/s anti-affinity, 24–35/s affinity',
      from: 'elsewhere',
      note: 'floors that its own CI holds at 5,000 nodes',
    },
    { name: 'Nomad', figure: '1,500–3,750 placements/s', from: 'elsewhere', note: 'a whole cluster, as published' },
  ],
  B2: [{ name: 'Docker Swarm', figure: '0.15–0.25 s', from: 'elsewhere', note: 'submit until the task is assigned' }],
  B3: [
    {
      name: 'Docker Swarm, defaults',
      figure: '5.5 s container killed (n=4), 17.4 s dockerd killed (n=2), 35 s link cut (n=4, 16–62)',
      from: 'here',
      note: SWARM,
    },
    {
      name: 'Docker Swarm, tuned',
      figure: '0.64 s container killed (n=3), 3.3 s dockerd killed (n=2), 2.3 s link cut (n=3, 1.8–3.6)',
      from: 'here',
      note: `${SWARM}; a heartbeat each second, restarts without a delay`,
    },
    { name: 'Kubernetes, defaults', figure: 'about 350 s', from: 'elsewhere', note: 'node silent until its pods run elsewhere' },
  ],
  B4: [
    {
      name: 'serf 0.11',
      figure: '8.7 s P50, 9.0 s at most (n=5)',
      from: 'here',
      note: 'silent death known to all of 50, in one process over loopback, with its profile for a LAN',
    },
  ],
  B5: [
    {
      name: 'etcd 3.4, three nodes',
      figure:
        '16 clients 1,018 rows/s (P99 94 ms), 256 clients 5,090 (P99 123 ms); 100 rows a commit: 16 clients 12,950 rows/s, 64 clients 35,025',
      from: 'here',
      note: 'each client writes values of 700 bytes under keys of its own, 4 s, with the client library of etcd in Go; no guards, no indexes',
    },
    { name: 'SQLite alone', figure: '920,000 rows/s', from: 'elsewhere', note: 'batches of 500, nothing around it' },
    { name: 'rqlite alone', figure: '153,000–320,000 rows/s', from: 'elsewhere', note: 'in bulk, nothing around it' },
  ],
  B6: [
    { name: 'dockerd in swarm mode', figure: '91–119 MB', from: 'here', note: 'three managers, after a few failures' },
    { name: 'k3s', figure: '1.6 GB server, 275 MB agent', from: 'elsewhere' },
    { name: 'Dokploy', figure: '464–633 MB', from: 'elsewhere' },
  ],
  B7: [
    {
      name: 'Docker Swarm, tuned',
      figure: '18.7 s (n=2, 17–20)',
      from: 'here',
      note: 'dockerd of the leader of three managers killed, until another takes a new config',
    },
    { name: 'Docker Swarm', figure: '12–15 s', from: 'elsewhere', note: 'the same' },
  ],
};
