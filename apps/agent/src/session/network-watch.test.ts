import { expect, it } from 'vitest';
import { isOfEngine } from './network-watch.ts';

it.each([
  '262: veth35260d4@NONE: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default',
  'Deleted 262: veth35260d4@veth5b29333: <BROADCAST,MULTICAST> mtu 1500 qdisc noop state DOWN group default \\    link/ether b6:10:6f:ec:6d:51 new-netns',
  'multicast ff00::/8 dev veth5b29333 table local proto kernel metric 256 pref medium',
  'Deleted fe80::/64 dev veth5b29333 proto kernel metric 256 linkdown pref medium',
  'Deleted 263: veth5b29333    inet6 fe80::a0a9:95ff:fe5c:c8f3/64 scope link tentative \\       valid_lft forever preferred_lft forever',
  '4: docker0: <NO-CARRIER,BROADCAST,MULTICAST,UP> mtu 1500 qdisc noqueue state DOWN group default',
  '9: br-0123456789ab    inet 172.18.0.1/16 brd 172.18.255.255 scope global br-0123456789ab',
  '',
])('what an engine makes for its containers is no change of the network: %s', (line) => expect(isOfEngine(line)).toBe(true));

it.each([
  '2: eth0    inet 192.168.1.20/24 brd 192.168.1.255 scope global dynamic eth0',
  '2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500 state UP',
  'Deleted 3: wlan0    inet 192.168.1.21/24 scope global wlan0',
  'default via 192.168.1.1 dev eth0 proto dhcp src 192.168.1.20 metric 100',
  'Deleted default via 192.168.1.1 dev wlan0',
  '5: br-lan    inet 192.168.1.1/24 scope global br-lan',
  'half of a li',
])('what is the machine’s own, or cannot be read, is one: %s', (line) => expect(isOfEngine(line)).toBe(false));
