import type { IncomingMessage } from 'node:http';
import { expect } from 'chai';
import { clientAddresses } from './client-address.ts';

const proxies = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'];
const cases: [
  name: string,
  trusted: string[],
  remote: string,
  forwarded: string | undefined,
  is: string,
][] = [
  [
    'nobody is trusted: the header is anyone’s invention',
    [],
    '10.1.1.1',
    '203.0.113.5',
    '10.1.1.1',
  ],
  ['a stranger who sends the header', proxies, '198.51.100.1', '203.0.113.5', '198.51.100.1'],
  ['a trusted proxy', proxies, '10.1.1.1', '203.0.113.5', '203.0.113.5'],
  ['a trusted proxy that says nothing', proxies, '10.1.1.1', undefined, '10.1.1.1'],
  [
    'what the client invented before the proxy wrote',
    proxies,
    '10.1.1.1',
    '1.2.3.4, 203.0.113.5',
    '203.0.113.5',
  ],
  ['two proxies', proxies, '10.1.1.1', '203.0.113.5, 192.0.2.7', '203.0.113.5'],
  ['a chain of proxies alone', proxies, '10.1.1.1', '10.9.9.9', '10.9.9.9'],
  ['rubbish', proxies, '10.1.1.1', 'unknown, <script>', '10.1.1.1'],
  ['rubbish before a good one', proxies, '10.1.1.1', 'unknown, 203.0.113.5', '203.0.113.5'],
  ['a port', proxies, '10.1.1.1', '203.0.113.5:4711', '203.0.113.5'],
  ['IPv4 on a socket of both', proxies, '::ffff:10.1.1.1', '203.0.113.5', '203.0.113.5'],
  ['IPv6, as its /64', proxies, 'fd00::1', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  [
    'IPv6 in brackets with a port',
    proxies,
    'fd00::1',
    '[2001:db8:0:0:9::1]:443',
    '2001:db8:0:0::/64',
  ],
  ['IPv6, abbreviated', [], '2001:DB8::1', undefined, '2001:db8:0:0::/64'],
  ['loopback', [], '::1', undefined, '0:0:0:0::/64'],
];

describe('the address of a client', () => {
  for (const [name, trusted, remoteAddress, forwarded, is] of cases) {
    it(`is ${is}: ${name}`, () => {
      const request = {
        socket: { remoteAddress },
        headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      } as unknown as IncomingMessage;
      expect(clientAddresses(trusted)(request)).to.equal(is);
    });
  }
});
