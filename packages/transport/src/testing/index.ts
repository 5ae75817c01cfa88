export { startTcpProxy, type Door, type TcpProxy, type TcpProxyOptions } from './tcp-proxy.ts';
export { INSPECTOR } from './inspector-identity.ts';
export { startTlsInterceptor, type TlsInterceptorOptions } from './tls-interceptor.ts';
export { startUdpProxy, type UdpProxy, type UdpProxyOptions } from './udp-proxy.ts';
export { bothWays, CLEAR, type Direction, type Sky, type Weather } from './weather.ts';
