import { expect } from 'chai';
import { readConfig } from './config.ts';

describe('the trainer’s environment', () => {
  const uri = 'https://mlflow.shop.svc:5000/base';

  it('names no MLflow where it says nothing of one', () => {
    expect(readConfig({ MLFLOW_EXPERIMENT_NAME: 'e' }).mlflow).to.equal(undefined);
  });

  it('says where MLflow is, and where the credentials lie', () => {
    const env = { MLFLOW_TRACKING_URI: uri, MLFLOW_EXPERIMENT_NAME: 'e' };
    const seen = readConfig({ ...env, MLFLOW_CREDENTIALS_DIR: '/x' }).mlflow;
    expect(seen).to.deep.equal({ uri, experiment: 'e', credentialsDir: '/x' });
    expect(readConfig(env).mlflow?.credentialsDir).to.equal(undefined);
  });

  const wrong: { name: string; env: NodeJS.ProcessEnv; says: RegExp }[] = [
    {
      name: 'a file as MLflow',
      env: { MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db', MLFLOW_EXPERIMENT_NAME: 'e' },
      says: /environment variable MLFLOW_TRACKING_URI is wrong/,
    },
    {
      name: 'a password in MLflow’s address',
      env: { MLFLOW_TRACKING_URI: 'https://me:secret@mlflow', MLFLOW_EXPERIMENT_NAME: 'e' },
      says: /MLFLOW_TRACKING_URI is wrong: it must not hold user, password or query/,
    },
    {
      name: 'no experiment',
      env: { MLFLOW_TRACKING_URI: uri },
      says: /MLFLOW_EXPERIMENT_NAME is missing/,
    },
  ];
  for (const { name, env, says } of wrong)
    it(`refuses ${name}`, () => {
      expect(() => readConfig(env))
        .to.throw(says)
        .with.property('reason', 'BadConfiguration');
    });
});
