/* Generated from crds/modelreleases.yaml by `npm run generate`: change that file, not this one. */
import type {ObjectMeta} from '../kube/object.ts';

/**
 * A product-category classifier that is trained on a schedule, judged on held-out products, and rolled out only if it passes its gate.
 */
export interface ModelRelease {
  /**
   * The version of this API, shelfwise.dev/v1alpha1.
   */
  apiVersion: string;
  /**
   * ModelRelease.
   */
  kind: string;
  metadata: ObjectMeta;
  /**
   * What is wanted.
   */
  spec: {
    /**
     * When a run starts by itself. A run also starts when the object is first applied, and at the time in the annotation shelfwise.dev/run-now.
     */
    schedule: {
      /**
       * Five fields - minute, hour, day of month, month, day of week - as in Kubernetes' CronJob. The default is Sunday at 03:00.
       */
      cron: string;
      /**
       * The IANA time zone in which cron is read, for example Europe/Paris.
       */
      timeZone: string;
      /**
       * How late a scheduled run may start, for example after the operator was down. A slot missed by more is left out.
       */
      startingDeadlineSeconds: number;
      /**
       * Starts no run by itself while true. What runs goes on; the annotation shelfwise.dev/run-now still works.
       */
      suspend: boolean;
    };
    /**
     * Where snapshots and models are kept. Where it lies cannot be changed later; the Secrets can.
     */
    store: {
      /**
       * A bucket of S3 or of a service that speaks its protocol.
       */
      s3: {
        /**
         * URL of an S3 service other than AWS, for example https://s3.shop.svc:7070.
         */
        endpoint?: string;
        /**
         * The bucket's region.
         */
        region: string;
        /**
         * The bucket's name. It must exist.
         */
        bucket: string;
        /**
         * Keys start with this, then with namespace and name of the ModelRelease. Empty is the bucket's root.
         */
        prefix: string;
        /**
         * Whether the bucket is named in the path of a URL and not in its host. Most services other than AWS need it.
         */
        forcePathStyle: boolean;
        /**
         * A Secret of this namespace whose key ca.crt holds the certificate authorities (PEM) that the endpoint is checked against.
         */
        caSecret?: {
          /**
           * The Secret's name.
           */
          name: string;
        };
        /**
         * A Secret of this namespace with the keys AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and optionally AWS_SESSION_TOKEN. Without it the pods use their ServiceAccount's identity.
         */
        credentialsSecret?: {
          /**
           * The Secret's name.
           */
          name: string;
        };
      };
    };
    /**
     * Where labelled products come from, and how they are split. Exactly one source, rakuten or catalog, is given.
     */
    dataset: {
      /**
       * Products in the layout of the Rakuten data challenge (X_train.csv, Y_train.csv, images/), in the store's bucket.
       */
      rakuten?: {
        /**
         * The folder in the bucket under which that layout begins.
         */
        prefix: string;
      };
      /**
       * Products in a PostgreSQL database, read from the view shelfwise_training_products_v1. The shop has it over tables of its own, or the service makes it over its catalogue.
       */
      catalog?: {
        /**
         * The Secret of this namespace that holds the database's URL, of a role that may only read.
         */
        databaseSecret: {
          /**
           * The Secret's name.
           */
          name: string;
          /**
           * The key in the Secret whose value is the URL (postgres://...).
           */
          key: string;
        };
        /**
         * The folder in the bucket that the view's picture keys are relative to; for the service's own catalogue <spec.store.s3.prefix>/<namespace>/<name>. Empty is the bucket's root.
         */
        prefix: string;
      };
      /**
       * How many of a hundred products are held out to judge models on. They are never trained on.
       */
      holdoutPercent: number;
      /**
       * A snapshot fails when more than this many of a hundred products are unusable; fewer are left out and named.
       */
      maximumInvalidPercent: number;
    };
    /**
     * How a model is trained.
     */
    training: {
      /**
       * The trainer's image. The default is the operator's. Name it by its digest: a run is left out as NoNewData where data, settings and this reference are those of an earlier run, whatever a tag points to by now.
       */
      image?: string;
      /**
       * The image that takes snapshots, on a node without a GPU. The default is the operator's.
       */
      snapshotImage?: string;
      /**
       * Secrets of this namespace with which images are pulled.
       *
       * @maxItems 16
       *
       * Items: One such Secret.
       */
      imagePullSecrets: {
        /**
         * The Secret's name.
         */
        name: string;
      }[];
      /**
       * The ServiceAccount of the pods of all three steps (snapshot, train, evaluate). The default is the namespace's.
       */
      serviceAccountName?: string;
      /**
       * How much a pod may write to its scratch volume (an emptyDir), as a quantity.
       */
      scratch: string;
      /**
       * What is trained. Changing any of it makes the next run train even on unchanged data.
       */
      model: {
        /**
         * conv-fusion is hashed n-grams of the text and pretrained networks for text and picture, under one head. lstm-cnn, a recurrent network for the text beside a convolutional one for the picture, both learned from nothing, is there to compare with.
         */
        architecture: 'conv-fusion' | 'lstm-cnn';
        /**
         * Edge of the square, in pixels, to which pictures are brought.
         */
        imageSize: 96 | 128 | 160 | 224;
        /**
         * The pretrained network that looks at the picture; the one that ends in -int8 computes in bytes, in a third of the time. lstm-cnn has none and is not told of it.
         */
        imageBackbone: 'efficientnet-lite0' | 'efficientnet-lite0-int8';
        /**
         * The pretrained network that reads the text beside its n-grams. It knows words of sixteen languages that no product taught it, and makes the model 80 MB larger in the file and in each serving worker, of which one takes some 170 MB in all. Unset, the trainer's own choice (the encoder). lstm-cnn has none and is not told of it.
         */
        textBackbone?: 'universal-sentence-encoder-multilingual' | 'none';
        /**
         * How often the training data are gone through. Unset, the trainer chooses by the number of products.
         */
        epochs?: number;
        /**
         * Products in one training step. Unset, the trainer chooses by the number of products.
         */
        batchSize?: number;
        /**
         * The first learning rate, a decimal above 0 and at most 1, in quotes. Unset, the trainer chooses by the number of products.
         */
        learningRate?: string;
        /**
         * Where randomness starts. The same seed on the same snapshot gives the same model.
         */
        seed: number;
      };
      /**
       * Lets train choose among a few configurations of the model by a part of the training products, never by the holdout. What spec.training.model sets itself stays as it is. Without it train tries two at most. Changing any of it makes the next run train even on unchanged data.
       */
      search?: {
        /**
         * No further configuration is begun after so long. The time for the features and for the final fit comes on top.
         */
        minutes: number;
        /**
         * How many configurations are tried at most.
         */
        configurations: number;
      };
      /**
       * How often train writes a checkpoint into the store, beside the one when it is told to stop: a next attempt goes on from there. A node that is lost costs at most so much work.
       */
      checkpointMinutes: number;
      /**
       * Where train tells of its progress and its figures, beside the TensorBoard files that it writes into the store. No outage of it fails a training.
       */
      tracking?: {
        /**
         * A tracking server of MLflow. Each release is a run of it, and what was interrupted goes on in the same one.
         */
        mlflow: {
          /**
           * URL of the server, for example https://mlflow.shop.svc:5000.
           */
          uri: string;
          /**
           * The experiment's name. It is created if it is not there. Unset, it is the ModelRelease's namespace and name with a '/' between them.
           */
          experiment?: string;
          /**
           * A Secret of this namespace with the key token, or with the keys username and password, and optionally with ca.crt, the certificate authorities (PEM) that the server is checked against. Without it the server is asked without credentials.
           */
          secret?: {
            /**
             * The Secret's name.
             */
            name: string;
          };
        };
      };
      /**
       * What train asks for of GPUs.
       */
      gpu: {
        /**
         * GPUs for train. 0 trains on the CPU.
         */
        count: number;
        /**
         * The extended resource by which the cluster counts its GPUs.
         */
        resourceName: string;
      };
      /**
       * CPU and memory of train, beside the GPUs.
       */
      resources: {
        /**
         * What is reserved, as quantities by resource.
         */
        requests?: {
          /**
           * A quantity, for example 500m or 2Gi.
           */
          [k: string]: number | string;
        };
        /**
         * What may be used at most, as quantities by resource.
         */
        limits?: {
          /**
           * A quantity, for example 500m or 2Gi.
           */
          [k: string]: number | string;
        };
      };
      /**
       * Labels that a node must have for train.
       */
      nodeSelector: {
        /**
         * The label's value.
         */
        [k: string]: string;
      };
      /**
       * Where train's pod should run, as in a pod.
       */
      affinity?: {
        /**
         * Rules about nodes.
         */
        nodeAffinity?: {
          /**
           * A node must match one of these terms.
           */
          requiredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * Terms of which one must match.
             *
             * @maxItems 16
             *
             * Items: Requirements that a node must all meet.
             */
            nodeSelectorTerms: {
              /**
               * Requirements on the node's labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label or field.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
              /**
               * Requirements on the node's fields.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchFields?: {
                /**
                 * The label or field.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            }[];
          };
          /**
           * Terms that speak for a node.
           *
           * @maxItems 16
           *
           * Items: A term and its weight.
           */
          preferredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * How much it counts.
             */
            weight: number;
            /**
             * Requirements that a node must all meet.
             */
            preference: {
              /**
               * Requirements on the node's labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label or field.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
              /**
               * Requirements on the node's fields.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchFields?: {
                /**
                 * The label or field.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
          }[];
        };
        /**
         * Rules about which pods to be near.
         */
        podAffinity?: {
          /**
           * Terms that must all be met.
           *
           * @maxItems 16
           *
           * Items: Which pods, and what counts as near.
           */
          requiredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * The node label whose value says what is near.
             */
            topologyKey: string;
            /**
             * Which pods, by their labels.
             */
            labelSelector?: {
              /**
               * Labels that must be equal.
               */
              matchLabels?: {
                /**
                 * The label's value.
                 */
                [k: string]: string;
              };
              /**
               * Requirements on labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
            /**
             * In which namespaces, by their labels.
             */
            namespaceSelector?: {
              /**
               * Labels that must be equal.
               */
              matchLabels?: {
                /**
                 * The label's value.
                 */
                [k: string]: string;
              };
              /**
               * Requirements on labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
            /**
             * In which namespaces, by name.
             *
             * @maxItems 32
             *
             * Items: A namespace.
             */
            namespaces?: string[];
            /**
             * Labels of the pod itself that must be equal, too.
             *
             * @maxItems 16
             *
             * Items: A label.
             */
            matchLabelKeys?: string[];
            /**
             * Labels of the pod itself that must differ.
             *
             * @maxItems 16
             *
             * Items: A label.
             */
            mismatchLabelKeys?: string[];
          }[];
          /**
           * Terms that speak for a node.
           *
           * @maxItems 16
           *
           * Items: A term and its weight.
           */
          preferredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * How much it counts.
             */
            weight: number;
            /**
             * Which pods, and what counts as near.
             */
            podAffinityTerm: {
              /**
               * The node label whose value says what is near.
               */
              topologyKey: string;
              /**
               * Which pods, by their labels.
               */
              labelSelector?: {
                /**
                 * Labels that must be equal.
                 */
                matchLabels?: {
                  /**
                   * The label's value.
                   */
                  [k: string]: string;
                };
                /**
                 * Requirements on labels.
                 *
                 * @maxItems 16
                 *
                 * Items: One requirement.
                 */
                matchExpressions?: {
                  /**
                   * The label.
                   */
                  key: string;
                  /**
                   * How it is compared.
                   */
                  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                  /**
                   * The values it is compared with.
                   *
                   * @maxItems 64
                   *
                   * Items: A value.
                   */
                  values?: string[];
                }[];
              };
              /**
               * In which namespaces, by their labels.
               */
              namespaceSelector?: {
                /**
                 * Labels that must be equal.
                 */
                matchLabels?: {
                  /**
                   * The label's value.
                   */
                  [k: string]: string;
                };
                /**
                 * Requirements on labels.
                 *
                 * @maxItems 16
                 *
                 * Items: One requirement.
                 */
                matchExpressions?: {
                  /**
                   * The label.
                   */
                  key: string;
                  /**
                   * How it is compared.
                   */
                  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                  /**
                   * The values it is compared with.
                   *
                   * @maxItems 64
                   *
                   * Items: A value.
                   */
                  values?: string[];
                }[];
              };
              /**
               * In which namespaces, by name.
               *
               * @maxItems 32
               *
               * Items: A namespace.
               */
              namespaces?: string[];
              /**
               * Labels of the pod itself that must be equal, too.
               *
               * @maxItems 16
               *
               * Items: A label.
               */
              matchLabelKeys?: string[];
              /**
               * Labels of the pod itself that must differ.
               *
               * @maxItems 16
               *
               * Items: A label.
               */
              mismatchLabelKeys?: string[];
            };
          }[];
        };
        /**
         * Rules about which pods to keep away from.
         */
        podAntiAffinity?: {
          /**
           * Terms that must all be met.
           *
           * @maxItems 16
           *
           * Items: Which pods, and what counts as near.
           */
          requiredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * The node label whose value says what is near.
             */
            topologyKey: string;
            /**
             * Which pods, by their labels.
             */
            labelSelector?: {
              /**
               * Labels that must be equal.
               */
              matchLabels?: {
                /**
                 * The label's value.
                 */
                [k: string]: string;
              };
              /**
               * Requirements on labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
            /**
             * In which namespaces, by their labels.
             */
            namespaceSelector?: {
              /**
               * Labels that must be equal.
               */
              matchLabels?: {
                /**
                 * The label's value.
                 */
                [k: string]: string;
              };
              /**
               * Requirements on labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
            /**
             * In which namespaces, by name.
             *
             * @maxItems 32
             *
             * Items: A namespace.
             */
            namespaces?: string[];
            /**
             * Labels of the pod itself that must be equal, too.
             *
             * @maxItems 16
             *
             * Items: A label.
             */
            matchLabelKeys?: string[];
            /**
             * Labels of the pod itself that must differ.
             *
             * @maxItems 16
             *
             * Items: A label.
             */
            mismatchLabelKeys?: string[];
          }[];
          /**
           * Terms that speak for a node.
           *
           * @maxItems 16
           *
           * Items: A term and its weight.
           */
          preferredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * How much it counts.
             */
            weight: number;
            /**
             * Which pods, and what counts as near.
             */
            podAffinityTerm: {
              /**
               * The node label whose value says what is near.
               */
              topologyKey: string;
              /**
               * Which pods, by their labels.
               */
              labelSelector?: {
                /**
                 * Labels that must be equal.
                 */
                matchLabels?: {
                  /**
                   * The label's value.
                   */
                  [k: string]: string;
                };
                /**
                 * Requirements on labels.
                 *
                 * @maxItems 16
                 *
                 * Items: One requirement.
                 */
                matchExpressions?: {
                  /**
                   * The label.
                   */
                  key: string;
                  /**
                   * How it is compared.
                   */
                  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                  /**
                   * The values it is compared with.
                   *
                   * @maxItems 64
                   *
                   * Items: A value.
                   */
                  values?: string[];
                }[];
              };
              /**
               * In which namespaces, by their labels.
               */
              namespaceSelector?: {
                /**
                 * Labels that must be equal.
                 */
                matchLabels?: {
                  /**
                   * The label's value.
                   */
                  [k: string]: string;
                };
                /**
                 * Requirements on labels.
                 *
                 * @maxItems 16
                 *
                 * Items: One requirement.
                 */
                matchExpressions?: {
                  /**
                   * The label.
                   */
                  key: string;
                  /**
                   * How it is compared.
                   */
                  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                  /**
                   * The values it is compared with.
                   *
                   * @maxItems 64
                   *
                   * Items: A value.
                   */
                  values?: string[];
                }[];
              };
              /**
               * In which namespaces, by name.
               *
               * @maxItems 32
               *
               * Items: A namespace.
               */
              namespaces?: string[];
              /**
               * Labels of the pod itself that must be equal, too.
               *
               * @maxItems 16
               *
               * Items: A label.
               */
              matchLabelKeys?: string[];
              /**
               * Labels of the pod itself that must differ.
               *
               * @maxItems 16
               *
               * Items: A label.
               */
              mismatchLabelKeys?: string[];
            };
          }[];
        };
      };
      /**
       * Taints of nodes that train's pod tolerates.
       *
       * @maxItems 32
       *
       * Items: One toleration, as in a pod.
       */
      tolerations: {
        /**
         * The taint's key; empty, with operator Exists, tolerates every taint.
         */
        key?: string;
        /**
         * How key and value are compared. Equal if not given.
         */
        operator?: 'Exists' | 'Equal';
        /**
         * The taint's value, for Equal.
         */
        value?: string;
        /**
         * The effect tolerated; all if not given.
         */
        effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
        /**
         * For NoExecute: how long the taint is tolerated.
         */
        tolerationSeconds?: number;
      }[];
      /**
       * The RuntimeClass of train's pod, where GPUs need one (for example nvidia).
       */
      runtimeClassName?: string;
      /**
       * The PriorityClass of train's pod.
       */
      priorityClassName?: string;
      /**
       * A Kueue LocalQueue of this namespace. train's Job is then created suspended, with the label kueue.x-k8s.io/queue-name, and begins when Kueue admits it; until then the run waits and repeats Kueue's words. Without Kueue in the cluster it never begins.
       */
      queueName?: string;
      /**
       * How long one pod of a step may run, counted from its start. The wait for a node does not count.
       */
      activeDeadlineSeconds: number;
      /**
       * How long a step may wait to begin before the run fails: for its pod to start (a GPU, a Secret, an image), or for a Job that the API server forbids. Until then the run waits and says for what. With queueName the wait in the queue is held to the same limit, counted apart and anew when Kueue takes back the place.
       */
      schedulingTimeoutSeconds: number;
      /**
       * How often a step is tried again after a failure that may pass. Disruptions, such as a drained node, are not counted.
       */
      backoffLimit: number;
    };
    /**
     * What a release must reach on held-out products to be rolled out.
     */
    gate: {
      /**
       * Every one of these must be reached. What cannot be measured counts as not passed.
       *
       * @minItems 1
       * @maxItems 3
       *
       * Items: A floor for one metric.
       */
      metrics: {
        /**
         * accuracy, macroF1 (every class counts alike) or weightedF1 (by number of products).
         */
        name: 'accuracy' | 'macroF1' | 'weightedF1';
        /**
         * The lowest value that passes, a decimal from 0 to 1, in quotes.
         */
        minimum: string;
      }[];
    };
    /**
     * The Deployment that answers requests. Changes take effect at once, with the release that serves.
     */
    serving: {
      /**
       * The image of inference, which also evaluates. The default is the operator's at the time of the run.
       */
      image?: string;
      /**
       * Secrets of this namespace with which images are pulled.
       *
       * @maxItems 16
       *
       * Items: One such Secret.
       */
      imagePullSecrets: {
        /**
         * The Secret's name.
         */
        name: string;
      }[];
      /**
       * The ServiceAccount of the serving pods. The default is the namespace's.
       */
      serviceAccountName?: string;
      /**
       * Pods that serve.
       */
      replicas: number;
      /**
       * CPU and memory of a serving pod, and of evaluate's. A pod takes some 250 MB and 170 MB for each worker, less where model.textBackbone is none; it starts a worker for each CPU of its limit, without one up to four.
       */
      resources: {
        /**
         * What is reserved, as quantities by resource.
         */
        requests?: {
          /**
           * A quantity, for example 500m or 2Gi.
           */
          [k: string]: number | string;
        };
        /**
         * What may be used at most, as quantities by resource.
         */
        limits?: {
          /**
           * A quantity, for example 500m or 2Gi.
           */
          [k: string]: number | string;
        };
      };
      /**
       * Labels that a node must have for serving pods and for evaluate.
       */
      nodeSelector: {
        /**
         * The label's value.
         */
        [k: string]: string;
      };
      /**
       * Taints of nodes that serving pods and evaluate tolerate.
       *
       * @maxItems 32
       *
       * Items: One toleration, as in a pod.
       */
      tolerations: {
        /**
         * The taint's key; empty, with operator Exists, tolerates every taint.
         */
        key?: string;
        /**
         * How key and value are compared. Equal if not given.
         */
        operator?: 'Exists' | 'Equal';
        /**
         * The taint's value, for Equal.
         */
        value?: string;
        /**
         * The effect tolerated; all if not given.
         */
        effect?: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute';
        /**
         * For NoExecute: how long the taint is tolerated.
         */
        tolerationSeconds?: number;
      }[];
      /**
       * Where serving pods and evaluate should run, as in a pod.
       */
      affinity?: {
        /**
         * Rules about nodes.
         */
        nodeAffinity?: {
          /**
           * A node must match one of these terms.
           */
          requiredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * Terms of which one must match.
             *
             * @maxItems 16
             *
             * Items: Requirements that a node must all meet.
             */
            nodeSelectorTerms: {
              /**
               * Requirements on the node's labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label or field.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
              /**
               * Requirements on the node's fields.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchFields?: {
                /**
                 * The label or field.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            }[];
          };
          /**
           * Terms that speak for a node.
           *
           * @maxItems 16
           *
           * Items: A term and its weight.
           */
          preferredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * How much it counts.
             */
            weight: number;
            /**
             * Requirements that a node must all meet.
             */
            preference: {
              /**
               * Requirements on the node's labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label or field.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
              /**
               * Requirements on the node's fields.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchFields?: {
                /**
                 * The label or field.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
          }[];
        };
        /**
         * Rules about which pods to be near.
         */
        podAffinity?: {
          /**
           * Terms that must all be met.
           *
           * @maxItems 16
           *
           * Items: Which pods, and what counts as near.
           */
          requiredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * The node label whose value says what is near.
             */
            topologyKey: string;
            /**
             * Which pods, by their labels.
             */
            labelSelector?: {
              /**
               * Labels that must be equal.
               */
              matchLabels?: {
                /**
                 * The label's value.
                 */
                [k: string]: string;
              };
              /**
               * Requirements on labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
            /**
             * In which namespaces, by their labels.
             */
            namespaceSelector?: {
              /**
               * Labels that must be equal.
               */
              matchLabels?: {
                /**
                 * The label's value.
                 */
                [k: string]: string;
              };
              /**
               * Requirements on labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
            /**
             * In which namespaces, by name.
             *
             * @maxItems 32
             *
             * Items: A namespace.
             */
            namespaces?: string[];
            /**
             * Labels of the pod itself that must be equal, too.
             *
             * @maxItems 16
             *
             * Items: A label.
             */
            matchLabelKeys?: string[];
            /**
             * Labels of the pod itself that must differ.
             *
             * @maxItems 16
             *
             * Items: A label.
             */
            mismatchLabelKeys?: string[];
          }[];
          /**
           * Terms that speak for a node.
           *
           * @maxItems 16
           *
           * Items: A term and its weight.
           */
          preferredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * How much it counts.
             */
            weight: number;
            /**
             * Which pods, and what counts as near.
             */
            podAffinityTerm: {
              /**
               * The node label whose value says what is near.
               */
              topologyKey: string;
              /**
               * Which pods, by their labels.
               */
              labelSelector?: {
                /**
                 * Labels that must be equal.
                 */
                matchLabels?: {
                  /**
                   * The label's value.
                   */
                  [k: string]: string;
                };
                /**
                 * Requirements on labels.
                 *
                 * @maxItems 16
                 *
                 * Items: One requirement.
                 */
                matchExpressions?: {
                  /**
                   * The label.
                   */
                  key: string;
                  /**
                   * How it is compared.
                   */
                  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                  /**
                   * The values it is compared with.
                   *
                   * @maxItems 64
                   *
                   * Items: A value.
                   */
                  values?: string[];
                }[];
              };
              /**
               * In which namespaces, by their labels.
               */
              namespaceSelector?: {
                /**
                 * Labels that must be equal.
                 */
                matchLabels?: {
                  /**
                   * The label's value.
                   */
                  [k: string]: string;
                };
                /**
                 * Requirements on labels.
                 *
                 * @maxItems 16
                 *
                 * Items: One requirement.
                 */
                matchExpressions?: {
                  /**
                   * The label.
                   */
                  key: string;
                  /**
                   * How it is compared.
                   */
                  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                  /**
                   * The values it is compared with.
                   *
                   * @maxItems 64
                   *
                   * Items: A value.
                   */
                  values?: string[];
                }[];
              };
              /**
               * In which namespaces, by name.
               *
               * @maxItems 32
               *
               * Items: A namespace.
               */
              namespaces?: string[];
              /**
               * Labels of the pod itself that must be equal, too.
               *
               * @maxItems 16
               *
               * Items: A label.
               */
              matchLabelKeys?: string[];
              /**
               * Labels of the pod itself that must differ.
               *
               * @maxItems 16
               *
               * Items: A label.
               */
              mismatchLabelKeys?: string[];
            };
          }[];
        };
        /**
         * Rules about which pods to keep away from.
         */
        podAntiAffinity?: {
          /**
           * Terms that must all be met.
           *
           * @maxItems 16
           *
           * Items: Which pods, and what counts as near.
           */
          requiredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * The node label whose value says what is near.
             */
            topologyKey: string;
            /**
             * Which pods, by their labels.
             */
            labelSelector?: {
              /**
               * Labels that must be equal.
               */
              matchLabels?: {
                /**
                 * The label's value.
                 */
                [k: string]: string;
              };
              /**
               * Requirements on labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
            /**
             * In which namespaces, by their labels.
             */
            namespaceSelector?: {
              /**
               * Labels that must be equal.
               */
              matchLabels?: {
                /**
                 * The label's value.
                 */
                [k: string]: string;
              };
              /**
               * Requirements on labels.
               *
               * @maxItems 16
               *
               * Items: One requirement.
               */
              matchExpressions?: {
                /**
                 * The label.
                 */
                key: string;
                /**
                 * How it is compared.
                 */
                operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                /**
                 * The values it is compared with.
                 *
                 * @maxItems 64
                 *
                 * Items: A value.
                 */
                values?: string[];
              }[];
            };
            /**
             * In which namespaces, by name.
             *
             * @maxItems 32
             *
             * Items: A namespace.
             */
            namespaces?: string[];
            /**
             * Labels of the pod itself that must be equal, too.
             *
             * @maxItems 16
             *
             * Items: A label.
             */
            matchLabelKeys?: string[];
            /**
             * Labels of the pod itself that must differ.
             *
             * @maxItems 16
             *
             * Items: A label.
             */
            mismatchLabelKeys?: string[];
          }[];
          /**
           * Terms that speak for a node.
           *
           * @maxItems 16
           *
           * Items: A term and its weight.
           */
          preferredDuringSchedulingIgnoredDuringExecution?: {
            /**
             * How much it counts.
             */
            weight: number;
            /**
             * Which pods, and what counts as near.
             */
            podAffinityTerm: {
              /**
               * The node label whose value says what is near.
               */
              topologyKey: string;
              /**
               * Which pods, by their labels.
               */
              labelSelector?: {
                /**
                 * Labels that must be equal.
                 */
                matchLabels?: {
                  /**
                   * The label's value.
                   */
                  [k: string]: string;
                };
                /**
                 * Requirements on labels.
                 *
                 * @maxItems 16
                 *
                 * Items: One requirement.
                 */
                matchExpressions?: {
                  /**
                   * The label.
                   */
                  key: string;
                  /**
                   * How it is compared.
                   */
                  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                  /**
                   * The values it is compared with.
                   *
                   * @maxItems 64
                   *
                   * Items: A value.
                   */
                  values?: string[];
                }[];
              };
              /**
               * In which namespaces, by their labels.
               */
              namespaceSelector?: {
                /**
                 * Labels that must be equal.
                 */
                matchLabels?: {
                  /**
                   * The label's value.
                   */
                  [k: string]: string;
                };
                /**
                 * Requirements on labels.
                 *
                 * @maxItems 16
                 *
                 * Items: One requirement.
                 */
                matchExpressions?: {
                  /**
                   * The label.
                   */
                  key: string;
                  /**
                   * How it is compared.
                   */
                  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
                  /**
                   * The values it is compared with.
                   *
                   * @maxItems 64
                   *
                   * Items: A value.
                   */
                  values?: string[];
                }[];
              };
              /**
               * In which namespaces, by name.
               *
               * @maxItems 32
               *
               * Items: A namespace.
               */
              namespaces?: string[];
              /**
               * Labels of the pod itself that must be equal, too.
               *
               * @maxItems 16
               *
               * Items: A label.
               */
              matchLabelKeys?: string[];
              /**
               * Labels of the pod itself that must differ.
               *
               * @maxItems 16
               *
               * Items: A label.
               */
              mismatchLabelKeys?: string[];
            };
          }[];
        };
      };
      /**
       * The PostgreSQL database that holds accounts, service tokens and the catalogue. Without it only ServiceAccounts of the cluster and callers of an OpenID Connect issuer may call, and there is no catalogue.
       */
      database?: {
        /**
         * The Secret of this namespace that holds the database's URL, of a role that owns its schema.
         */
        secret: {
          /**
           * The Secret's name.
           */
          name: string;
          /**
           * The key in the Secret whose value is the URL (postgres://...).
           */
          key: string;
        };
      };
      /**
       * Who may call.
       */
      auth: {
        /**
         * A Secret of this namespace with ES256 private keys, one `<key id>.pem` each. All are accepted; the last by name signs tokens, five minutes after it was added.
         */
        signingKeySecret?: {
          /**
           * The Secret's name.
           */
          name: string;
        };
        /**
         * A Secret of this namespace with username and password of the first administrator.
         */
        adminSecret?: {
          /**
           * The Secret's name.
           */
          name: string;
        };
        /**
         * Namespaces, beside this one, whose ServiceAccounts may predict with a token of audience shelfwise; "*" is all.
         *
         * @maxItems 64
         *
         * Items: A namespace, or "*".
         */
        serviceAccountNamespaces: string[];
        /**
         * ServiceAccounts that have roles by name, of any namespace, beside what their namespace gives them.
         *
         * @minItems 1
         * @maxItems 64
         *
         * Items: A ServiceAccount and its roles.
         */
        serviceAccounts?: {
          /**
           * Its namespace. The default is this one.
           */
          namespace?: string;
          /**
           * Its name.
           */
          name: string;
          /**
           * What it may do. admin implies catalogue, and catalogue implies predict.
           *
           * @minItems 1
           * @maxItems 3
           *
           * Items: A role.
           */
          roles: ('predict' | 'catalogue' | 'admin')[];
        }[];
        /**
         * Addresses or networks of the proxies in front of the service, whose X-Forwarded-For is believed. Failed logins are counted by the address that they come from.
         *
         * @minItems 1
         * @maxItems 64
         *
         * Items: An address or a network, for example 10.0.0.0/8.
         */
        trustedProxies?: string[];
        /**
         * An OpenID Connect issuer whose access tokens callers bear, instead of those of accounts here or beside them.
         */
        oidc?: {
          /**
           * The issuer's URL, to the letter as its tokens have it in the claim iss.
           */
          issuer: string;
          /**
           * The audience that tokens must be for.
           */
          audience: string;
          /**
           * The claim that holds the caller's groups or roles. Dots lead into it, as in realm_access.roles.
           */
          rolesClaim: string;
          /**
           * Which values of that claim give which role. Callers without any of them may do nothing.
           */
          roles: {
            /**
             * Values that give the role predict.
             *
             * @minItems 1
             * @maxItems 64
             *
             * Items: A value of the claim.
             */
            predict?: string[];
            /**
             * Values that give the role catalogue, which implies predict.
             *
             * @minItems 1
             * @maxItems 64
             *
             * Items: A value of the claim.
             */
            catalogue?: string[];
            /**
             * Values that give the role admin, which implies the others.
             *
             * @minItems 1
             * @maxItems 64
             *
             * Items: A value of the claim.
             */
            admin?: string[];
          };
          /**
           * A Secret of this namespace whose key ca.crt holds the certificate authorities (PEM) that the issuer is checked against.
           */
          caSecret?: {
            /**
             * The Secret's name.
             */
            name: string;
          };
        };
      };
      /**
       * A release that is not ready after this long is rolled back.
       */
      progressDeadlineSeconds: number;
    };
    /**
     * How many finished runs are kept, the newest three of them with their Jobs. The one that serves is kept in any case.
     */
    historyLimit: number;
  };
  /**
   * What is. A projection of the runs' records (ControllerRevisions) and of what runs; deleted or edited, it comes back.
   */
  status?: {
    /**
     * The generation of the spec that the conditions describe.
     */
    observedGeneration?: number;
    /**
     * A word for people. Programs read the conditions.
     */
    phase?:
      | 'Pending'
      | 'Waiting'
      | 'Snapshotting'
      | 'Training'
      | 'Evaluating'
      | 'RollingOut'
      | 'Serving'
      | 'Suspended'
      | 'Failed';
    /**
     * Ready, Progressing, Trained, Verified, GatePassed and Degraded.
     *
     * @maxItems 16
     *
     * Items: One condition, as in other kinds of Kubernetes.
     */
    conditions?: {
      /**
       * What it is about.
       */
      type: string;
      /**
       * True, False or Unknown.
       */
      status: 'True' | 'False' | 'Unknown';
      /**
       * A CamelCase word from the documented list of reasons.
       */
      reason: string;
      /**
       * A sentence with the numbers and names in it.
       */
      message: string;
      /**
       * The generation of the spec that it describes.
       */
      observedGeneration?: number;
      /**
       * When status last changed.
       */
      lastTransitionTime: string;
    }[];
    /**
     * When the next run starts by its schedule.
     */
    nextRun?: string;
    /**
     * The slot (the time that was due) of the newest run.
     */
    lastSlot?: string;
    /**
     * The value of the annotation shelfwise.dev/run-now that was last followed.
     */
    lastRunNow?: string;
    /**
     * The run that is active, until its verdict.
     */
    run?: {
      /**
       * The release's name.
       */
      release: string;
      /**
       * The step that it is in.
       */
      step: 'snapshot' | 'train' | 'evaluate';
      /**
       * The Job that works on it.
       */
      job?: string;
      /**
       * Since when.
       */
      since: string;
      /**
       * A CamelCase word that says what it does or waits for.
       */
      reason?: string;
      /**
       * A sentence, where possible in the words of the pod or of the scheduler.
       */
      message?: string;
    };
    /**
     * The release that passed its gate and is being rolled out.
     */
    candidate?: {
      /**
       * The release's name.
       */
      release: string;
      /**
       * The sha256 of the model tar.
       */
      digest: string;
      /**
       * The step that it is in.
       */
      step: 'rollout';
      /**
       * Since when.
       */
      since: string;
      /**
       * A CamelCase word that says what it does or waits for.
       */
      reason?: string;
      /**
       * A sentence, where possible in the words of the pod or of the scheduler.
       */
      message?: string;
    };
    /**
     * The release that serves.
     */
    serving?: {
      /**
       * The release's name.
       */
      release: string;
      /**
       * The sha256 of the model tar.
       */
      digest: string;
      /**
       * The image of inference that serves it.
       */
      image: string;
      /**
       * Its accuracy on held-out products, a decimal from 0 to 1.
       */
      accuracy?: string;
      /**
       * Since when.
       */
      since: string;
    };
    /**
     * Runs that are over, newest first.
     *
     * @maxItems 100
     *
     * Items: A run that is over.
     */
    history?: {
      /**
       * The release's name.
       */
      release: string;
      /**
       * How it ended.
       */
      outcome:
        | 'Served'
        | 'NoNewData'
        | 'GateFailed'
        | 'GateInconclusive'
        | 'RunFailed'
        | 'RolledBack'
        | 'Superseded';
      /**
       * A CamelCase word that says what it does or waits for.
       */
      reason?: string;
      /**
       * A sentence, where possible in the words of the pod or of the scheduler.
       */
      message?: string;
      /**
       * Its accuracy on held-out products, a decimal from 0 to 1.
       */
      accuracy?: string;
      /**
       * What the gate said.
       */
      verdict?: 'Pass' | 'Fail' | 'Inconclusive';
      /**
       * The sha256 of the model tar.
       */
      digest?: string;
      /**
       * When it started.
       */
      started: string;
      /**
       * When it ended.
       */
      finished: string;
    }[];
  };
}
