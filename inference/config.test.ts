import { StepError } from '@shelfwise/trainer-contract';
import { expect } from 'chai';
import { readConfig } from './config.ts';

describe('configuration', () => {
  it('takes what a pod gives it, empty values for none', () => {
    const config = readConfig({
      POD_NAMESPACE: 'shop',
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      KUBERNETES_SERVICE_PORT: '6443',
      PREDICT_WORKERS: '3',
      SERVICE_ACCOUNT_NAMESPACES: '',
      DATABASE_URL_FILE: '',
    });
    expect(config).to.deep.include({
      workers: 3,
      serviceAccountNamespaces: ['shop'],
      databaseUrlFile: undefined,
    });
    expect(config.apiserver?.url).to.equal('https://10.0.0.1:6443');
  });

  it('takes namespaces as a list, and the address of an API server in IPv6', () => {
    const config = readConfig({
      SERVICE_ACCOUNT_NAMESPACES: 'shop, import,',
      KUBERNETES_SERVICE_HOST: 'fd00::1',
    });
    expect(config.serviceAccountNamespaces).to.deep.equal(['shop', 'import']);
    expect(config.apiserver?.url).to.equal('https://[fd00::1]:443');
  });

  it('lets no ServiceAccount call where it knows no namespace', () => {
    expect(readConfig({}).serviceAccountNamespaces).to.deep.equal([]);
  });

  it('takes who else may call', () => {
    const config = readConfig({
      DATABASE_URL_FILE: '/url',
      SERVICE_ACCOUNT_ROLES: '[{"namespace":"a","name":"b","roles":["catalogue"]}]',
      TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8,192.0.2.1',
      OIDC_ISSUER: 'https://id.example/realms/shop',
      OIDC_ROLES: '{"admin":["owners"]}',
    });
    expect(config).to.deep.include({
      serviceAccounts: [{ namespace: 'a', name: 'b', roles: ['catalogue'] }],
      trustedProxies: ['10.0.0.0/8', 'fd00::/8', '192.0.2.1'],
      oidc: {
        issuer: 'https://id.example/realms/shop',
        audience: 'shelfwise',
        rolesClaim: 'roles',
        roles: { admin: ['owners'] },
        caFile: undefined,
      },
    });
  });

  const wrong: [variable: string, value: string][] = [
    ['PREDICT_WORKERS', '0'],
    ['PREDICT_WORKERS', 'two'],
    ['SHUTDOWN_DELAY_MS', '-1'],
    ['PREDICT_DEADLINE_MS', '0'],
    ['TOKEN_KEYS_DIR', 'keys'],
    ['KUBERNETES_SERVICE_PORT', '99999'],
    ['LOG_LEVEL', 'loud'],
    ['SERVICE_ACCOUNT_ROLES', 'importer'],
    ['SERVICE_ACCOUNT_ROLES', '[{"namespace":"a","name":"b","roles":["root"]}]'],
    ['TRUSTED_PROXIES', 'proxy.example'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['OIDC_ISSUER', 'id.example'],
    ['OIDC_ISSUER', 'http://id.example'],
    ['OIDC_ROLES', '{"root":["x"]}'],
    ['OIDC_CA_FILE', 'ca.crt'],
    ['AWS_ENDPOINT_URL_S3', 'minio'],
  ];
  for (const [variable, value] of wrong) {
    it(`refuses ${variable}=${value} by name`, () => {
      expect(() => readConfig({ KUBERNETES_SERVICE_HOST: 'x', [variable]: value }))
        .to.throw(StepError, variable)
        .with.property('reason', 'BadConfiguration');
    });
  }
});
